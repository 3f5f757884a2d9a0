// What waits for the Captain: the queue, one action beside it, and several decided at once.

const queue = { actions: [], cursor: null, at: 0, chosen: new Set(), taskType: "", kind: "", number: "" };

function pendingPath(cursor) {
  const query = new URLSearchParams({ limit: "50" });
  if (queue.taskType) query.set("taskType", queue.taskType);
  if (queue.kind && queue.number) query.set("target", `${queue.kind}:${queue.number}`);
  if (cursor) query.set("cursor", cursor);
  return `/pending?${query}`;
}

const MOST_PAGES = 10;

// One page of actions. A page of a filtered list may be short or empty and still have a next one.
async function readPage(cursor) {
  let page = await get(pendingPath(cursor));
  for (let read = 1; !page.actions.length && page.cursor && read < MOST_PAGES; read += 1) page = await get(pendingPath(page.cursor));
  return page;
}

async function loadQueue() {
  const page = await readPage(null);
  Object.assign(queue, { actions: page.actions, cursor: page.cursor, at: Date.now() });
  const known = new Set(page.actions.map((action) => action.id));
  queue.chosen = new Set([...queue.chosen].filter((id) => known.has(id)));
  showCount();
}

function showCount() {
  const count = byId("count");
  const many = queue.actions.length + (queue.cursor ? "+" : "");
  count.hidden = queue.actions.length === 0;
  replace(count, many, el("span", { class: "hidden" }, " actions wait"));
}

async function waitingView(view, id) {
  // Choosing from the list shows what the list has; an address from elsewhere is looked up.
  if (!id || !queue.actions.some((action) => action.id === id)) await loadQueue();
  draw(view, id);
}

function draw(view, id) {
  const again = async () => {
    await loadQueue();
    draw(view, id);
    focusOn(id && queue.actions.some((action) => action.id === id) ? "looked-at" : "queue-title");
  };
  const decided = async (text) => {
    say(text);
    history.replaceState(null, "", "#/waiting");
    await loadQueue();
    draw(view, "");
    focusOn("queue-title");
  };
  const action = queue.actions.find((one) => one.id === id);
  replace(
    view,
    el(
      "div",
      { class: `split ${id ? "one" : ""}` },
      el("div", { class: "side" }, queueHead(again), filterForm(again), queueList(view, id), batchBar(again)),
      el("div", { class: "pane" }, id ? [backLink(), action ? actionView(action, { decided, again }) : gone(again)] : hint()),
    ),
  );
}

function focusOn(id) {
  const node = byId(id);
  if (node) node.focus();
}

function backLink() {
  return el("p", { class: "back" }, el("a", { href: "#/waiting" }, "← All that waits"));
}

function hint() {
  return queue.actions.length ? el("p", { class: "empty" }, "Choose an action to see exactly what would be done.") : null;
}

function gone(again) {
  return el(
    "div",
    { class: "box", role: "alert" },
    el("p", {}, el("strong", {}, "This action does not wait any more."), " It was decided elsewhere, or its time is over. The audit says which."),
    el("p", { class: "buttons" }, button("Look again", { class: "main", click: again }), el("a", { href: "#/audit" }, "Open the audit")),
  );
}

function queueHead(again) {
  return el(
    "div",
    { class: "head" },
    el("h1", { id: "queue-title", tabindex: "-1" }, "Waiting for you"),
    el("p", { class: "quietly" }, `As of ${new Date(queue.at).toLocaleTimeString()}. `, button("Refresh", { class: "quiet", click: again })),
  );
}

function filterForm(again) {
  const option = (value, text, chosen) => el("option", { value, selected: value === chosen }, text);
  const task = el("select", { id: "by-task" }, option("", "every task", queue.taskType), Object.entries(TASKS).map(([key, name]) => option(key, name, queue.taskType)));
  const kind = el("select", { id: "by-kind" }, option("", "every target", queue.kind), option("pull_request", "pull request", queue.kind), option("issue", "issue", queue.kind));
  const number = el("input", { id: "by-number", inputmode: "numeric", pattern: "[0-9]*", size: "5", value: queue.number, placeholder: "number" });
  const apply = (event) => {
    event.preventDefault();
    Object.assign(queue, { taskType: task.value, kind: kind.value, number: number.value.trim() });
    again();
  };
  return el(
    "details",
    { class: "filter", open: Boolean(queue.taskType || queue.kind) },
    el("summary", {}, "Filter"),
    el(
      "form",
      { submit: apply },
      el("label", { for: "by-task" }, "Task"), task,
      el("label", { for: "by-kind" }, "Target"), kind,
      el("label", { for: "by-number" }, "Number"), number,
      el("button", { type: "submit" }, "Apply"),
    ),
  );
}

function queueList(view, id) {
  if (!queue.actions.length && !queue.cursor) {
    return el("p", { class: "empty" }, "Nothing waits. What policy finds safe is posted by itself; the audit shows it.");
  }
  const more = queue.cursor ? button("Older", { click: () => loadMore(view, id) }) : null;
  return [el("ul", { class: "queue" }, queue.actions.map((action) => queueItem(action, action.id === id))), more ? el("p", {}, more) : null];
}

function queueItem(action, current) {
  const box = el("input", {
    type: "checkbox",
    "aria-label": `Choose the ${actionTitle(action)}`,
    checked: queue.chosen.has(action.id),
    change: () => {
      if (box.checked) queue.chosen.add(action.id);
      else queue.chosen.delete(action.id);
      showBatch();
    },
  });
  return el(
    "li",
    { class: current ? "current" : "" },
    box,
    el(
      "a",
      { href: `#/waiting/${encodeURIComponent(action.id)}`, "aria-current": current ? "true" : null },
      el("strong", {}, actionTitle(action)),
      el("span", { class: "line" }, words(action.reason)),
      el("span", { class: "chips" }, stateChip(action.state), chip(money(action.cost)), el("small", {}, when(action.createdAt), ", expires ", when(action.expiresAt))),
    ),
  );
}

async function loadMore(view, id) {
  const page = await readPage(queue.cursor);
  queue.actions.push(...page.actions);
  queue.cursor = page.cursor;
  showCount();
  draw(view, id);
}

function chosenActions() {
  return queue.actions.filter((action) => queue.chosen.has(action.id));
}

function batchBar(again) {
  return el(
    "div",
    { id: "batch", class: "batch", hidden: queue.chosen.size === 0 },
    el("span", { id: "batch-count" }, `${queue.chosen.size} chosen`),
    button("Approve…", { class: "main", click: () => decideAll("approve", again) }),
    button("Reject…", { click: () => decideAll("reject", again) }),
  );
}

function showBatch() {
  byId("batch").hidden = queue.chosen.size === 0;
  replace(byId("batch-count"), `${queue.chosen.size} chosen`);
}

// One after the other: each is bound to its own digest, and one that is refused does not stop the next.
async function decideAll(what, again) {
  const actions = chosenActions();
  const names = el("ul", {}, actions.map((action) => el("li", {}, actionTitle(action), ": ", words(action.reason), " ", shortHash(action.digest))));
  const answer = what === "approve"
    ? await ask({ title: `Approve ${actions.length} as they were shown?`, content: names, confirm: `Approve ${actions.length}` })
    : await askReason(`Reject ${actions.length}?`, names);
  if (!answer) return;
  const lines = [];
  for (const [index, action] of actions.entries()) {
    say(`${index + 1} of ${actions.length}: ${actionTitle(action)}…`);
    try {
      lines.push(outcomeText(action, what === "approve" ? await approve(action, action.digest) : await reject(action, answer.reason)));
      queue.chosen.delete(action.id);
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      lines.push(`${actionTitle(action)}: not done. ${sentence(trouble.message)} ${trouble.advice}`);
    }
  }
  await again();
  say("");
  const notice = byId("notice");
  notice.hidden = false;
  replace(notice, lines.map((line) => el("span", { class: "line" }, words(line))));
}
