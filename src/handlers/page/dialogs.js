// Questions before something is done, in the browser's own dialog: it keeps the focus inside and Escape closes it.

// Resolves to what `content.value()` gives, or null when it was cancelled.
function ask({ title, content = [], value = () => true, confirm, danger = false }) {
  return new Promise((resolve) => {
    let result = null;
    const dialog = el(
      "dialog",
      { "aria-labelledby": "question", close: () => { dialog.remove(); resolve(result); } },
      el(
        "form",
        {
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
          button("Cancel", { click: () => dialog.close() }),
        ),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}

function askReason(title, extra = []) {
  const field = el("textarea", { id: "reason", rows: "3", maxlength: "1000" });
  return ask({
    title,
    content: [extra, el("label", { for: "reason" }, "Reason, kept in the audit (optional)"), field],
    value: () => ({ reason: field.value.trim() }),
    confirm: "Reject",
    danger: true,
  });
}

// A line of news above the view, read out by screen readers.
function say(text) {
  const notice = byId("notice");
  notice.hidden = !text;
  replace(notice, text ? words(text) : null);
}
