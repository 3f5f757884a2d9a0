// What waits for the Captain: the queue, and one action beside it. The list stays where it is while actions are opened,
// decided and refreshed: only what has changed in it is touched.

let desk = null; // the parts of this view while it is shown

async function waitingView(view, id) {
  if (!queue.fresh) await loadQueue();
  queue.fresh = false;
  desk = {
    list: el("ul", { class: "queue" }),
    empty: el("p", { class: "empty", hidden: true }),
    more: el("p", {}),
    asOf: el("span", {}),
    kinds: el("select", { id: "all-of", "aria-label": "Choose all of a kind", change: (event) => chooseKind(event.target) }),
    batch: batchBar(),
    pane: el("div", { class: "pane" }),
    split: el("div", { class: "split" }),
    items: new Map(),
    open: null,
    id: "",
  };
  replace(desk.split, el("div", { class: "side" }, queueHead(), queueTools(), filterForm(), desk.list, desk.empty, desk.more, desk.batch), desk.pane);
  replace(view, desk.split);
  drawQueue();
  await openAction(id);
}

// --- the list ---

function queueHead() {
  return el(
    "div",
    { class: "head" },
    el("h1", { id: "queue-title", tabindex: "-1" }, "Waiting for you"),
    el("p", { class: "quietly" }, desk.asOf, " ", button("Refresh", { class: "quiet", click: lookAgain }), " ", button("Keys", { class: "quiet", click: showKeys })),
  );
}

function queueTools() {
  const search = el("input", {
    id: "search", type: "search", placeholder: "Search titles", "aria-label": "Search in titles", value: queue.search,
    input: async () => {
      queue.search = search.value;
      drawQueue();
      if (queue.cursor) {
        await loadRest();
        drawQueue();
      }
    },
  });
  const order = el("select", {
    id: "order", "aria-label": "Order",
    change: async () => {
      queue.order = order.value;
      if (queue.order !== "newest") await loadRest();
      drawQueue();
    },
  }, Object.entries(ORDERS).map(([key, name]) => el("option", { value: key, selected: key === queue.order }, name)));
  return el("div", { class: "tools" }, search, order, desk.kinds);
}

function filterForm() {
  const option = (value, text, chosen) => el("option", { value, selected: value === chosen }, text);
  const task = el("select", { id: "by-task" }, option("", "every task", queue.taskType), Object.entries(TASKS).map(([key, name]) => option(key, name, queue.taskType)));
  const kind = el("select", { id: "by-kind" }, option("", "every target", queue.kind), option("pull_request", "pull request", queue.kind), option("issue", "issue", queue.kind));
  const number = el("input", { id: "by-number", inputmode: "numeric", pattern: "[0-9]*", size: "5", value: queue.number, placeholder: "number" });
  const apply = async (event) => {
    event.preventDefault();
    Object.assign(queue, { taskType: task.value, kind: kind.value, number: number.value.trim() });
    await lookAgain();
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

async function lookAgain() {
  await loadQueue();
  drawQueue();
  if (!desk.id) focusOn("queue-title");
}

// Brings the list to what is to be seen. Nodes of actions that have not changed are the same ones, in their places.
function drawQueue() {
  const order = visibleActions();
  const items = new Map();
  for (const action of order) {
    const kept = desk.items.get(action.id);
    const key = `${action.digest} ${action.state} ${action.lastError}`;
    items.set(action.id, kept && kept.key === key ? kept : { key, node: queueItem(action) });
  }
  const present = new Set([...items.values()].map((item) => item.node));
  for (const node of [...desk.list.children]) if (!present.has(node)) node.remove();
  let next = desk.list.firstChild;
  for (const { node } of items.values()) {
    if (node === next) next = next.nextSibling;
    else desk.list.insertBefore(node, next);
  }
  desk.items = items;
  markOpen();
  replace(desk.asOf, `As of ${new Date(queue.at).toLocaleTimeString()}.`);
  desk.empty.hidden = order.length > 0;
  desk.empty.textContent = queue.actions.length ? "Nothing that waits is like that." : "Nothing waits. What policy finds safe is posted by itself; the audit shows it.";
  replace(desk.more, queue.cursor ? button("Load more", { click: async () => { await loadMore(); drawQueue(); } }) : null);
  drawKinds();
  showBatch();
}

function queueItem(action) {
  const box = el("input", {
    type: "checkbox",
    "aria-label": `Choose the ${actionTitle(action)}`,
    checked: queue.chosen.has(action.id),
    disabled: mustOpen(action),
    title: mustOpen(action) ? "Open it first: policy has found something that can do harm" : null,
    change: () => {
      if (box.checked) queue.chosen.add(action.id);
      else queue.chosen.delete(action.id);
      showBatch();
    },
  });
  const found = dangers(action);
  return el(
    "li",
    { "data-id": action.id },
    box,
    el(
      "a",
      { href: `#/waiting/${encodeURIComponent(action.id)}` },
      el("strong", {}, actionTitle(action)),
      action.title ? el("span", { class: "title" }, words(action.title)) : null,
      action.actionType === "change_labels" ? el("span", { class: "line" }, labelsBriefly(action.payload)) : null,
      el("span", { class: "line" }, words(whyBriefly(action))),
      el(
        "span",
        { class: "chips" },
        action.state === "pending" ? null : stateChip(action.state),
        found.length ? chip(`look closely: ${[...new Set(found.map((check) => check.rule.split(".")[0]))].join(", ")}`, "bad") : null,
        el("small", {}, action.author ? [words(action.author), " · "] : null, when(action.createdAt), ", expires ", when(action.expiresAt)),
      ),
    ),
  );
}

function markOpen() {
  for (const [id, { node }] of desk.items) {
    const current = id === desk.id;
    node.classList.toggle("current", current);
    const link = node.querySelector("a");
    if (current) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

// --- one action ---

// Shows the action of this id beside the list, asked for anew with its document, whatever became of it.
async function openAction(id) {
  const mine = desk;
  if (!desk.id && id) desk.place = window.scrollY; // where one column is seen at a time, the list is out of sight now
  const back = Boolean(desk.id) && !id;
  desk.id = id;
  desk.split.classList.toggle("one", Boolean(id));
  markOpen();
  if (!id) {
    desk.open = null;
    replace(desk.pane, queue.actions.length ? el("p", { class: "empty" }, "Choose an action to see exactly what would be done.") : null);
    if (back) window.scrollTo(0, desk.place || 0);
    return;
  }
  const here = () => desk === mine && desk.id === id; // false once the reader has gone on
  desk.open = null; // nothing is decided by a key before it is on the screen
  const slow = setTimeout(() => here() && replace(desk.pane, backLink(), loadingSign()), LOADING_MS);
  try {
    const action = await get(`/pending/${encodeURIComponent(id)}`);
    if (here()) showAction(action);
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    if (here()) replace(desk.pane, backLink(), trouble.code === "not_found" ? unknownAction() : troubleBox(trouble, el("p", { class: "buttons" }, button("Look again", { class: "main", click: () => openAction(id) }))));
  } finally {
    clearTimeout(slow);
  }
}

function showAction(action) {
  const listed = queue.actions.findIndex((one) => one.id === action.id);
  if (listed >= 0 && queue.actions[listed].digest !== action.digest) queue.actions[listed] = action;
  const waits = ["pending", "executing", "failed", "outcome_unknown"].includes(action.state);
  const again = () => reopen(action.id);
  desk.open = waits ? actionView(action, { settled, again }) : decidedView(action, again);
  replace(desk.pane, backLink(), desk.open);
  const item = desk.items.get(action.id);
  if (waits) {
    queue.opened.add(`${action.id} ${action.digest}`);
    const box = item && item.node.querySelector("input");
    if (box) {
      box.disabled = false;
      box.removeAttribute("title");
    }
  }
  if (item) item.node.scrollIntoView({ block: "nearest" });
  const top = desk.split.offsetTop - byId("notice").offsetHeight; // what became of the one before stays in sight
  if (window.scrollY > top) window.scrollTo(0, top);
  focusOn("looked-at");
}

async function reopen(id) {
  const action = await get(`/pending/${encodeURIComponent(id)}`);
  await refreshQueue();
  drawQueue();
  if (desk.id === id) showAction(action);
}

function unknownAction() {
  return el("div", { class: "box bad", role: "alert" }, el("p", {}, el("strong", {}, "No action has this id."), " Look whether the link is whole. What ever waited here is in the audit."), el("p", { class: "buttons" }, el("a", { href: "#/audit" }, "Open the audit")));
}

// Once one has been decided, the next one in the list opens.
async function settled(action, status, text) {
  say(text);
  const next = neighbour(action.id);
  if (["executed", "rejected", "shadowed"].includes(status)) removeAction(action.id);
  else await refreshQueue().catch(() => null);
  drawQueue();
  const goOn = next && next.id !== action.id ? next.id : "";
  history.replaceState(null, "", goOn ? `#/waiting/${encodeURIComponent(goOn)}` : "#/waiting");
  await openAction(goOn);
  if (!goOn) focusOn("queue-title");
}

function focusOn(id) {
  const node = byId(id);
  if (node) node.focus({ preventScroll: true });
}

function backLink() {
  return el("p", { class: "back" }, el("a", { href: "#/waiting" }, "← All that waits"));
}
