// Several decided at once. Nothing that policy found is left out of the question.

function chosenActions() {
  return visibleActions().filter((action) => queue.chosen.has(action.id));
}

function batchBar() {
  return el(
    "div",
    { class: "batch", hidden: true },
    el("span", { role: "status" }),
    button("Approve…", { class: "main", click: () => decideAll("approve") }),
    button("Reject…", { click: () => decideAll("reject") }),
    button("Choose none", { class: "quiet", click: () => choose([]) }),
  );
}

function showBatch() {
  const many = chosenActions().length;
  desk.batch.hidden = many === 0;
  replace(desk.batch.firstChild, `${many} chosen`);
}

function choose(actions) {
  queue.chosen = new Set(actions.map((action) => action.id));
  for (const [id, { node }] of desk.items) node.querySelector("input").checked = queue.chosen.has(id);
  showBatch();
}

function drawKinds() {
  const counts = new Map();
  for (const action of visibleActions()) counts.set(kindOf(action), (counts.get(kindOf(action)) || 0) + 1);
  replace(desk.kinds, el("option", { value: "" }, "Choose all…"), [...counts].map(([kind, many]) => el("option", { value: kind }, `${kind} (${many}${queue.cursor ? "+" : ""})`)));
}

async function chooseKind(select) {
  const kind = select.value;
  if (!kind) return;
  if (queue.cursor) {
    await loadRest();
    drawQueue();
  }
  const all = visibleActions().filter((action) => kindOf(action) === kind);
  const closed = all.filter(mustOpen);
  choose([...chosenActions(), ...all.filter((action) => !mustOpen(action))]);
  select.value = "";
  if (closed.length) say(`${closed.length} of ${all.length} ${closed.length === 1 ? "has" : "have"} to be opened before ${closed.length === 1 ? "it" : "they"} can be chosen: policy has found something to look at closely.`);
}

function batchItem(action) {
  return el(
    "li",
    {},
    el("strong", {}, actionTitle(action)),
    " ",
    words(action.title),
    " ",
    shortHash(action.digest),
    action.actionType === "change_labels" ? el("p", { class: "line" }, labelsBriefly(action.payload)) : null,
    checksList(heldAgainst(action)) || el("p", { class: "line" }, words(sentence(action.lastError || action.policyReason))),
  );
}

// One after the other: each is bound to its own digest, and one that is refused does not stop the next.
async function decideAll(what) {
  const actions = chosenActions();
  const names = el("ul", { class: "chosen", tabindex: "0", "aria-label": "Chosen" }, actions.map(batchItem));
  const answer = what === "approve"
    ? await askNote(`Approve ${actions.length} as they were shown?`, "several", [names], `Approve ${actions.length}`)
    : await askReason(`Reject ${actions.length}?`, "several", [names]);
  if (!answer) return;
  const bar = [...desk.batch.querySelectorAll("button")];
  for (const one of bar) one.disabled = true;
  const lines = [];
  let done = 0;
  for (const [index, action] of actions.entries()) {
    replace(desk.batch.firstChild, `Sending ${index + 1} of ${actions.length}…`);
    try {
      const sent = what === "approve" ? await approve(action, action.digest, answer.note) : await reject(action, answer.reason);
      lines.push(outcomeText(action, sent));
      done += 1;
      queue.chosen.delete(action.id);
      if (sent.body.status !== "outcome_unknown") removeAction(action.id);
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      lines.push(words(`${actionTitle(action)}: not done. ${sentence(trouble.message)} ${trouble.advice}`));
    }
    if (!me.entered) return;
  }
  for (const one of bar) one.disabled = false;
  drafts.delete("reason several");
  drafts.delete("note several");
  await refreshQueue().catch(() => null);
  drawQueue();
  if (desk.id && !queue.actions.some((action) => action.id === desk.id)) {
    history.replaceState(null, "", "#/waiting");
    await openAction("");
  }
  const notice = byId("notice");
  notice.hidden = false;
  const failed = actions.length - done;
  replace(
    notice,
    el("strong", {}, `${done} done${failed ? `, ${failed} not done` : ""}.`),
    lines.map((line) => el("span", { class: "line" }, line)),
  );
}
