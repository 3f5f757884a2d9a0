// The audit: runs newest first, and one run whole.

const RESULTS = { success: "good", executed: "good", rejected: "bad", failed: "bad", refused: "bad", skipped: "", running: "wait", done: "" };

const AUDIT_FILTERS = {
  kind: ["dispatch", "batch", "approve", "reject", "expire", "look", "reset", "breaker", "erase", "refusal"],
  taskType: Object.keys(TASKS),
  status: ["running", "success", "rejected", "failed", "skipped", "refused", "executed", "outcome_unknown", "shadowed", "done"],
};

// The address of the audit's list with these filters.
function auditLink(filters) {
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value));
  return query.size ? `#/audit?${query}` : "#/audit";
}

async function auditView(view, runId, filters) {
  if (runId) return runView(view, runId);
  const body = el("tbody", {});
  const more = el("p", {});
  const empty = el("p", { class: "empty", hidden: true }, filters.size ? "Nothing in the audit is like that." : "Nothing has happened yet.");
  const table = el(
    "table",
    { class: "runs", hidden: true },
    el("thead", {}, el("tr", {}, ["When", "What", "Target", "Result", "Cost", "By"].map((name) => el("th", { scope: "col" }, name)))),
    body,
  );
  let cursor = null;
  // A page of a filtered list may be short or empty and still have a next one.
  async function older() {
    let found = 0;
    do {
      const query = new URLSearchParams(filters);
      query.set("limit", "30");
      if (cursor) query.set("cursor", cursor);
      const page = await get(`/audit?${query}`);
      body.append(...page.runs.map(runRow));
      found += page.runs.length;
      cursor = page.cursor;
    } while (cursor && found === 0);
    table.hidden = !body.childElementCount;
    empty.hidden = !table.hidden;
    replace(more, cursor ? button("Older", { click: () => older().catch(showTrouble) }) : null);
  }
  await older();
  replace(view, heading(1, "Audit"), el("p", { class: "quietly" }, "Every run and every decision, newest first. No event here can be changed or removed."), auditFilters(filters), table, empty, more);
  return undefined;
}

function auditFilters(filters) {
  const select = (name, label, names) => [
    el("label", { for: `by-${name}` }, label),
    el("select", { id: `by-${name}` }, el("option", { value: "" }, "any"), AUDIT_FILTERS[name].map((value) => el("option", { value, selected: filters.get(name) === value }, names[value] || value.replaceAll("_", " ")))),
  ];
  const input = (name, label, attributes) => [el("label", { for: `by-${name}` }, label), el("input", { id: `by-${name}`, value: filters.get(name) || "", ...attributes })];
  const form = el(
    "form",
    {
      submit: (event) => {
        event.preventDefault();
        location.hash = auditLink(Object.fromEntries(["kind", "taskType", "status", "target", "principal", "since", "until"].map((name) => [name, byId(`by-${name}`).value.trim()])));
      },
    },
    select("kind", "Kind", {}), select("taskType", "Task", TASKS), select("status", "Result", {}),
    input("target", "Target", { placeholder: "pull_request:42", pattern: "(pull_request|issue):[1-9][0-9]*" }),
    input("principal", "By", { placeholder: "captain" }),
    input("since", "Since", { type: "date" }), input("until", "Before", { type: "date" }),
    el("button", { type: "submit" }, "Apply"),
    filters.size ? el("a", { href: "#/audit" }, "Show everything") : null,
  );
  return el("details", { class: "filter", open: filters.size > 0 }, el("summary", {}, "Filter"), form);
}

function runRow(run) {
  const what = run.kind === "dispatch" ? taskName(run.taskType) : run.route || eventName(run.event);
  const why = run.code || run.reason;
  // A run that ended with a proposal is not told again when that is decided: it must not seem to wait.
  const result = run.state === "pending" ? chip("for approval") : run.state ? stateChip(run.state) : chip(why ? `${run.status}: ${why}`.replaceAll("_", " ") : run.status, RESULTS[run.status] || "");
  return el(
    "tr",
    {},
    el("td", {}, when(run.startedAt)),
    el("td", {}, el("a", { href: `#/audit/${encodeURIComponent(run.runId)}` }, words(what)), run.actionId ? [" ", el("a", { class: "beside", href: `#/waiting/${encodeURIComponent(run.actionId)}` }, "action")] : null),
    el("td", {}, run.target && run.target.number ? outside(run.targetUrl, targetName(run.target.type, run.target.number)) : "–"),
    el("td", {}, result),
    el("td", { class: "figure" }, run.cost ? money(run.cost) : "–"),
    el("td", {}, words(run.principal || "–")),
  );
}

async function runView(view, runId) {
  const run = await get(`/audit/${encodeURIComponent(runId)}`);
  const first = run.events[0].data;
  const what = first.kind === "dispatch" ? taskName(first.taskType) : eventName(run.events[0].type);
  const { title, author } = whatWasRead(run.content, first.target);
  replace(
    view,
    el("p", {}, el("a", { href: "#/audit" }, "← All runs")),
    heading(1, first.target && first.target.number ? `${what}, ${targetName(first.target.type, first.target.number)}` : what),
    title ? el("p", { class: "about" }, outside(run.targetUrl, words(title)), author ? [" by ", words(author)] : null) : null,
    facts([
      [first.kind === "dispatch" ? "Run" : "Decision", el("code", { class: "long" }, run.runId)],
      ["Started", exact(run.events[0].at)],
      ["By", words(first.principal || "")],
      ["On GitHub", first.target && first.target.number ? outside(run.targetUrl, targetName(first.target.type, first.target.number)) : ""],
      ["Run", first.runId && first.runId !== run.runId ? el("a", { href: `#/audit/${encodeURIComponent(first.runId)}` }, "the run that drafted it") : ""],
      ["Actions", actionLinks(run.events)],
      ["Decisions", first.target && first.target.number ? el("a", { href: auditLink({ target: `${first.target.type}:${first.target.number}` }) }, "all about this target") : ""],
    ]),
    verdictView(run),
    section("Timeline", timelineView(run.events)),
    contentView(run.content),
  );
}

// Title and author of a run's target: they are in its content alone, never in an event, and are erased with it.
function whatWasRead({ context }, target) {
  const { extra = {} } = (context && parse(context.text)?.facts) || {};
  return (extra.issues && target && extra.issues[target.number]) || extra;
}

// The actions that a run proposed, or that a decision is about.
function actionLinks(events) {
  const ids = [...new Set(events.map((event) => event.data.actionId).filter(Boolean))];
  return ids.length ? ids.map((id) => el("a", { class: "beside", href: `#/waiting/${encodeURIComponent(id)}` }, id.slice(0, 8))) : "";
}

// Prompt, answer and context as they are kept; they can be erased one day, and then are not here.
function contentView(content) {
  const names = Object.keys(content);
  if (!names.length) return section("Prompt and answer", el("p", { class: "empty" }, "No content is kept for this run."));
  const order = ["prompt", "answer", "context"];
  names.sort((a, b) => (order.indexOf(a) + 9) % 9 - (order.indexOf(b) + 9) % 9);
  return section("Prompt and answer", names.map((name) => contentItem(name, content[name])));
}

function contentItem(name, kept) {
  const readable = readOut(name, kept.text);
  return el(
    "details",
    { class: "content" },
    el("summary", {}, el("strong", {}, name), " ", el("small", {}, `${kept.text.length.toLocaleString()} characters`)),
    facts([["Salted digest", el("code", { class: "long" }, kept.digest)], ["Salt", el("code", { class: "long" }, kept.salt)]]),
    readable.map(([title, text]) => [el("h4", {}, title), el("pre", { class: "raw", tabindex: "0" }, words(text))]),
    el("details", {}, el("summary", {}, "The exact bytes"), el("pre", { class: "raw", tabindex: "0" }, words(kept.text))),
  );
}

// The texts inside a request or an answer of the Messages API; nothing where it is something else.
function readOut(name, text) {
  const value = parse(text);
  if (value === null || typeof value !== "object") return [];
  if (name === "answer" && Array.isArray(value.content)) {
    return value.content.filter((part) => part.type === "text").map((part) => ["What the model wrote", indented(part.text)]);
  }
  if (name === "prompt" && Array.isArray(value.messages)) {
    const said = (content) => (Array.isArray(content) ? content.map((part) => part.text || "").join("\n") : String(content ?? ""));
    return [["System", said(value.system)], ...value.messages.map((message) => [message.role === "user" ? "User" : message.role, said(message.content)])];
  }
  return [["Indented", JSON.stringify(value, null, 2)]];
}

function indented(text) {
  const value = parse(text);
  return value === null ? text : JSON.stringify(value, null, 2);
}
