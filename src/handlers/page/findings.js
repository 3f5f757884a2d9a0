// What policy found, and what an action would do, as nodes.

function checksList(checks) {
  if (!checks.length) return null;
  return el(
    "ul",
    { class: "checks" },
    checks.map((check) =>
      el(
        "li",
        {},
        chip(check.severity === "refuse" ? "refused" : "asks you", check.severity === "refuse" ? "bad" : "wait"),
        " ",
        words(because(check)),
        el("small", {}, " ", words(check.field), " · ", words(check.rule)),
        check.excerpt ? el("q", {}, words(check.excerpt)) : null,
      ),
    ),
  );
}

// Why an action waits, in one line: what failed, or the first finding without the names that rules and fields have.
function whyBriefly(action) {
  const [first, ...others] = heldAgainst(action);
  if (action.lastError || !first) return action.lastError || sentence(action.policyReason);
  return because(first) + (others.length ? ` And ${others.length} more.` : "");
}

function because(check) {
  return sentence(check.why.replace(/^asks, because /, ""));
}

// A label change in one line.
function labelsBriefly({ add = [], remove = [] }) {
  return words([...remove.map((label) => `− ${label}`), ...add.map((label) => `+ ${label}`)].join(", "));
}

function payloadView(action) {
  return action.actionType === "change_labels" ? labelsView(action.payload) : commentView(action);
}

function commentView(action) {
  if (action.document) return documentView(action, action.document);
  return [el("p", { class: "quietly" }, "Its document is not on record: this is the text as it is sent to GitHub."), rawComment(action)];
}

function rawComment(action) {
  return el("pre", { class: "raw", tabindex: "0" }, words(String(action.payload.body ?? "")));
}

function documentView(action, document) {
  const shown = el("div", { class: "comment" }, nodes(document));
  const raw = rawComment(action);
  const choose = (wantsRaw) => {
    shown.hidden = wantsRaw;
    raw.hidden = !wantsRaw;
    asShown.setAttribute("aria-pressed", String(!wantsRaw));
    asRaw.setAttribute("aria-pressed", String(wantsRaw));
  };
  const asShown = button("As GitHub shows it", { click: () => choose(false) });
  const asRaw = button("Raw text", { click: () => choose(true) });
  choose(false);
  return [el("p", { class: "switch" }, asShown, asRaw), shown, raw];
}

// Before and after, label by label; what belongs to one group stands in one line.
function labelsView({ add = [], remove = [] }) {
  const group = (label) => (label.includes(":") ? label.slice(0, label.indexOf(":")) : label);
  const groups = [...new Set([...remove, ...add].map(group))];
  const of = (labels, name, kind) => labels.filter((label) => group(label) === name).map((label) => el("span", { class: `label ${kind}` }, words(label)));
  return el(
    "table",
    { class: "labels" },
    el("thead", {}, el("tr", {}, el("th", {}, "Before"), el("th", {}, "After"))),
    el("tbody", {}, groups.map((name) => {
      const before = of(remove, name, "gone");
      const after = of(add, name, "new");
      return el("tr", {}, el("td", {}, before.length ? before : "–"), el("td", {}, after.length ? after : "–"));
    })),
  );
}
