// Values as people read them.

const ACTIONS = { add_comment: "Comment", change_labels: "Label change" };
const STATES = {
  pending: ["waits", "wait"],
  executing: ["under way", "wait"],
  executed: ["posted", "good"],
  failed: ["failed", "bad"],
  outcome_unknown: ["outcome unknown", "bad"],
  rejected: ["rejected", "bad"],
  expired: ["expired", ""],
  shadowed: ["shadowed", ""],
  superseded: ["superseded", ""],
};

function stateChip(state) {
  const [text, kind] = STATES[state] || [state, ""];
  return chip(text, kind);
}

function taskName(task) {
  return TASKS[task] || task || "";
}

function targetName(type, number) {
  return `${String(type).replaceAll("_", " ")} #${number}`;
}

// What would be done, and to what.
function actionTitle(action) {
  const target = targetName(action.targetType, action.targetId);
  if (action.actionType === "change_labels") return `Label change for ${target}`;
  return `${taskName(action.taskType)}${action.taskType === "triage" ? " comment" : ""} for ${target}`;
}

// An address on GitHub's site, opened beside this page; no other address becomes a link.
function outside(url, ...content) {
  if (!/^https:\/\//.test(url || "")) return el("span", {}, content);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, content);
}

// To the micro-dollar, or to the cent where nothing is finer.
function money(dollars) {
  const [whole, fraction = ""] = String(dollars).split(".");
  return `$${whole}.${fraction.padEnd(6, "0").replace(/0000$/, "")}`;
}

const STEPS = [["d", 86400], ["h", 3600], ["min", 60]];

function span(seconds) {
  for (const [unit, size] of STEPS) if (seconds >= size * 0.95) return `${Math.round(seconds / size)} ${unit}`;
  return `${Math.max(0, Math.floor(seconds))} s`;
}

// A moment, told by its distance from now; the exact one is its title.
function when(iso, now = Date.now()) {
  const seconds = (Date.parse(iso) - now) / 1000;
  const told = seconds >= 0 ? `in ${span(seconds)}` : `${span(-seconds)} ago`;
  return el("time", { datetime: iso, title: exact(iso) }, told);
}

function exact(iso) {
  return new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

function shortHash(hash) {
  return el("code", { class: "hash", title: hash }, String(hash).slice(0, 12));
}
