// Questions before something is done, in the browser's own dialog: it keeps the focus inside and Escape closes it.

// Resolves to what `content.value()` gives, or null when it was cancelled.
function ask({ title, content = [], value = () => true, confirm, danger = false, only = false }) {
  return new Promise((resolve) => {
    let result = null;
    const dialog = el(
      "dialog",
      { "aria-labelledby": "question", close: () => { dialog.remove(); resolve(result); } },
      el(
        "form",
        {
          keydown: (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.currentTarget.requestSubmit(),
          submit: (event) => {
            event.preventDefault();
            result = value();
            dialog.close();
          },
        },
        el("h2", { id: "question" }, title),
        content,
        el(
          "p",
          { class: "buttons" },
          el("button", { type: "submit", class: danger ? "danger" : "main" }, confirm),
          only ? null : button("Cancel", { click: () => dialog.close() }),
        ),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}

// What is typed is kept by the action's id until it has been decided, whatever happens in between.
const drafts = new Map();

function draftField(id, key) {
  return el("textarea", { id, rows: "3", maxlength: "1000", input: (event) => drafts.set(key, event.target.value) }, drafts.get(key) || "");
}

function askReason(title, key, extra = []) {
  const field = draftField("reason", `reason ${key}`);
  return ask({
    title,
    content: [extra, el("label", { for: "reason" }, "Reason, kept in the audit (optional)"), field],
    value: () => ({ reason: field.value.trim() }),
    confirm: "Reject",
    danger: true,
  });
}

function askNote(title, key, extra = [], confirm = "Approve") {
  const field = draftField("note", `note ${key}`);
  return ask({
    title,
    content: [extra, el("label", { for: "note" }, "Note, kept in the audit (optional)"), field],
    value: () => ({ note: field.value.trim() }),
    confirm,
  });
}

const KEYS = [
  ["j", "the next one"],
  ["k", "the one before"],
  ["a", "approve it, behind a question"],
  ["r", "reject it, behind a question"],
  ["Ctrl Enter", "say yes to the question"],
  ["x", "choose it"],
  ["/", "search"],
  ["?", "this list"],
];

function showKeys() {
  ask({ title: "Keys", content: facts(KEYS.map(([key, what]) => [el("kbd", {}, key), what])), confirm: "Close", only: true });
}

// A line of news above the view, read out by screen readers: a text, or nodes.
function say(text) {
  const notice = byId("notice");
  notice.hidden = !text;
  replace(notice, typeof text === "string" && text ? words(text) : text);
}
