// The audit: runs newest first, and one run whole.

const RESULTS = { success: "good", executed: "good", rejected: "bad", failed: "bad", refused: "bad", skipped: "", running: "wait", done: "" };

async function auditView(view, runId) {
  if (runId) return runView(view, runId);
  const page = await get("/audit?limit=30");
  const body = el("tbody", {}, page.runs.map(runRow));
  const more = el("p", {});
  offerOlder(more, body, page.cursor);
  const table = el(
    "table",
    { class: "runs" },
    el("thead", {}, el("tr", {}, ["When", "What", "Target", "Result", "Cost", "By"].map((name) => el("th", { scope: "col" }, name)))),
    body,
  );
  replace(view, heading(1, "Audit"), el("p", { class: "quietly" }, "Every run and every decision, newest first. No event here can be changed or removed."), page.runs.length ? table : el("p", { class: "empty" }, "Nothing has happened yet."), more);
  return undefined;
}

function offerOlder(place, body, cursor) {
  replace(place, cursor ? button("Older", {
    click: async () => {
      try {
        const page = await get(`/audit?limit=30&cursor=${encodeURIComponent(cursor)}`);
        body.append(...page.runs.map(runRow));
        offerOlder(place, body, page.cursor);
      } catch (trouble) {
        showTrouble(trouble);
      }
    },
  }) : null);
}

function runRow(run) {
  const what = run.kind === "dispatch" ? taskName(run.taskType) : run.route || eventName(run.event);
  const why = run.code || run.reason;
  const result = run.state ? stateChip(run.state) : chip(why ? `${run.status}: ${why}`.replaceAll("_", " ") : run.status, RESULTS[run.status] || "");
  return el(
    "tr",
    {},
    el("td", {}, when(run.startedAt)),
    el("td", {}, el("a", { href: `#/audit/${encodeURIComponent(run.runId)}` }, words(what))),
    el("td", {}, run.target && run.target.number ? targetName(run.target.type, run.target.number) : "–"),
    el("td", {}, result),
    el("td", { class: "figure" }, run.cost ? money(run.cost) : "–"),
    el("td", {}, words(run.principal || "–")),
  );
}

async function runView(view, runId) {
  const run = await get(`/audit/${encodeURIComponent(runId)}`);
  const first = run.events[0].data;
  const what = first.kind === "dispatch" ? taskName(first.taskType) : eventName(run.events[0].type);
  replace(
    view,
    el("p", {}, el("a", { href: "#/audit" }, "← All runs")),
    heading(1, first.target && first.target.number ? `${what}, ${targetName(first.target.type, first.target.number)}` : what),
    facts([["Run", el("code", { class: "long" }, run.runId)], ["Started", exact(run.events[0].at)], ["By", words(first.principal || "")]]),
    verdictView(run),
    section("Timeline", timelineView(run.events)),
    contentView(run.content),
  );
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
