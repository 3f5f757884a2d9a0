// What waits, as far as it has been read: loaded page by page, kept fresh, ordered and searched here.

const PAGE = 50;
const WHOLE_PAGE = 100;
const MOST_PAGES = 20;
const ORDERS = { newest: "newest first", oldest: "oldest first", expiry: "expiring first" };

const queue = { actions: [], cursor: null, at: 0, order: "newest", search: "", taskType: "", fresh: false, kind: "", number: "", chosen: new Set(), opened: new Set() };

function forgetQueue() {
  Object.assign(queue, { actions: [], cursor: null, at: 0, search: "", chosen: new Set(), opened: new Set() });
}

function pendingPath(cursor, limit) {
  const query = new URLSearchParams({ limit: String(limit) });
  if (queue.taskType) query.set("taskType", queue.taskType);
  if (queue.kind && queue.number) query.set("target", `${queue.kind}:${queue.number}`);
  if (cursor) query.set("cursor", cursor);
  return `/pending?${query}`;
}

// One page of actions. A page of a filtered list may be short or empty and still have a next one.
async function readPage(cursor, limit = PAGE) {
  let page = await get(pendingPath(cursor, limit));
  for (let read = 1; !page.actions.length && page.cursor && read < MOST_PAGES; read += 1) page = await get(pendingPath(page.cursor, limit));
  return page;
}

async function loadQueue() {
  const page = await readPage(null);
  Object.assign(queue, { actions: page.actions, cursor: page.cursor, at: Date.now() });
  if (queue.order !== "newest" || queue.search) await loadRest();
  forgetGone();
}

async function loadMore(limit = PAGE) {
  const page = await readPage(queue.cursor, limit);
  const known = new Set(queue.actions.map((action) => action.id));
  queue.actions.push(...page.actions.filter((action) => !known.has(action.id)));
  queue.cursor = page.cursor;
  showCount();
}

// All that is left to read: an order by expiry, a search and a choice of all are about everything.
async function loadRest() {
  for (let read = 0; queue.cursor && read < MOST_PAGES; read += 1) await loadMore(WHOLE_PAGE);
}

// The newest page again: what is new comes in, what is gone from it goes, what lies behind it stays.
async function refreshQueue() {
  const page = await readPage(null, WHOLE_PAGE);
  const last = page.cursor && page.actions.length ? page.actions.at(-1).createdAt : "";
  const inPage = new Set(page.actions.map((action) => action.id));
  const older = last ? queue.actions.filter((action) => action.createdAt <= last && !inPage.has(action.id)) : [];
  const reached = queue.actions.length ? queue.actions.at(-1).createdAt : "~";
  queue.actions = [...page.actions, ...older];
  if (!page.cursor) queue.cursor = null;
  else if (!older.length && page.actions.at(-1).createdAt <= reached) queue.cursor = page.cursor;
  queue.at = Date.now();
  forgetGone();
}

function forgetGone() {
  const known = new Set(queue.actions.map((action) => action.id));
  queue.chosen = new Set([...queue.chosen].filter((id) => known.has(id)));
  showCount();
}

function removeAction(id) {
  queue.actions = queue.actions.filter((action) => action.id !== id);
  forgetGone();
}

function showCount() {
  const count = byId("count");
  const many = queue.actions.length + (queue.cursor ? "+" : "");
  count.hidden = queue.actions.length === 0;
  replace(count, many, el("span", { class: "hidden" }, queue.actions.length === 1 ? " action waits" : " actions wait"));
}

// What is on the screen, in its order.
function visibleActions() {
  const search = queue.search.trim().toLowerCase();
  const found = queue.actions.filter((action) => `${actionTitle(action)} ${action.title} ${action.author}`.toLowerCase().includes(search));
  const by = { newest: ["createdAt", -1], oldest: ["createdAt", 1], expiry: ["expiresAt", 1] }[queue.order];
  const [name, sign] = by;
  return found.sort((one, other) => sign * (one[name] < other[name] ? -1 : one[name] > other[name] ? 1 : 0));
}

// The one that follows in the order of the screen; the one before it at the end.
function neighbour(id, step = 1) {
  const order = visibleActions();
  const at = order.findIndex((action) => action.id === id);
  if (at < 0) return order[0];
  return order[at + step] || order[at - step];
}

// Findings of these rules may be approved among others without being opened: they are about fit, not about harm. A rule
// that is not listed counts as dangerous.
const MILD = /^(link|grounding|triage|sprint|brief|reference)\./;

function dangers(action) {
  return heldAgainst(action).filter((check) => !MILD.test(check.rule));
}

// What policy holds against this one. All findings of a run are told with each of its actions; to label changes, whose words
// are closed, those about others do not apply, and then its reason names none of them.
function heldAgainst({ actionType, policyReason, checks = [] }) {
  const named = checks.some(({ rule }) => String(policyReason).startsWith(`${rule} in `));
  return actionType === "change_labels" && !named ? [] : checks;
}

// Whether it has to be opened before it can be chosen: what was seen is what has this digest.
function mustOpen(action) {
  return dangers(action).length > 0 && !queue.opened.has(`${action.id} ${action.digest}`);
}

function kindOf(action) {
  return action.actionType === "change_labels" ? `${taskName(action.taskType)}: label changes` : `${taskName(action.taskType)}: comments`;
}
