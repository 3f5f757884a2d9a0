// The form that asks for a draft: every task, where the deployed phase allows it.

const NUMBER = /^#?([1-9]\d{0,9})$/;
const ADDRESS = /^https?:\/\/[^/\s]+\/([^/\s]+\/[^/\s]+)\/(pull|issues)\/([1-9]\d{0,9})(?:[/?#]\S*)?$/;
const SHORT = /^([\w.-]+\/[\w.-]+)#([1-9]\d{0,9})$/;
const KINDS = { pull: "a pull request", issues: "an issue" };

// The number that a text names. Throws an Error with a sentence where it names none, or something else.
function readNumber(text, kind, label) {
  const plain = NUMBER.exec(text);
  if (plain) return Number(plain[1]);
  const [, repository, what, number] = ADDRESS.exec(text) || [];
  const short = SHORT.exec(text);
  const named = repository || (short && short[1]);
  if (!named) throw new Error(`${label}: “${text}” is neither a number nor the address of ${KINDS[kind] || "anything"}.`);
  if (what && kind && what !== kind) throw new Error(`${label}: this is the address of ${KINDS[what]}, not of ${KINDS[kind]}.`);
  if (me.repository && named.toLowerCase() !== me.repository.toLowerCase()) throw new Error(`${label}: this is in ${named}. The service works on ${me.repository}.`);
  return Number(number || short[2]);
}

function readField(field) {
  const text = byId(field.id).value.trim();
  if (!text) return undefined;
  if (field.several) return [...new Set(text.split(/[\s,]+/).filter(Boolean).map((part) => readNumber(part, field.kind, field.label)))];
  if (!field.kind && /^\d{1,4}$/.test(text)) return Number(text);
  return readNumber(text, field.kind, field.label);
}

function readForm(task) {
  const body = {};
  for (const field of FORMS[task].fields) {
    const value = readField(field);
    if (value !== undefined) body[field.name] = value;
  }
  const [first] = FORMS[task].fields;
  if (first.several && first.required && body[first.name].length === 1) {
    [body[first.name.slice(0, -1)]] = body[first.name];
    delete body[first.name];
  }
  return body;
}

// Each task type with the first phase that lets it be asked for here, and whether that is deployed.
async function readAllowed() {
  if (!me.reads) return Object.keys(FORMS).map((task) => ({ task, from: "", allowed: true }));
  const table = await get("/phases?days=1");
  me.repository = table.repository;
  const deployed = table.phases.findIndex((phase) => phase.deployed);
  return Object.keys(FORMS).map((task) => {
    const at = table.phases.findIndex((phase) => phase.adds.tasks.some((one) => one.taskType === task && one.trigger === "api"));
    return { task, from: at < 0 ? "" : table.phases[at].phase, allowed: at >= 0 && at <= deployed };
  });
}

async function dispatchView(view) {
  watched += 1;
  const tasks = await readAllowed();
  const inputs = el("div", { class: "stack" });
  const choice = el("select", { id: "task", change: () => drawFields(inputs, choice.value) }, tasks.map(({ task, from, allowed }) => el("option", { value: task, disabled: !allowed }, allowed ? taskName(task) : `${taskName(task)} (from ${from || "no phase"})`)));
  const force = el("input", { id: "force", type: "checkbox" });
  const send = el("button", { type: "submit", class: "main" }, "Dispatch");
  const outcome = el("div", { class: "outcome", "aria-live": "polite" });
  const form = el(
    "form",
    {
      class: "stack",
      submit: async (event) => {
        event.preventDefault();
        say("");
        send.disabled = true;
        send.textContent = "Sending…";
        await carryOut(outcome, choice.value, force.checked);
        send.disabled = false;
        send.textContent = "Dispatch";
      },
    },
    el("label", { for: "task" }, "Task"),
    choice,
    inputs,
    el("p", { class: "check" }, force, el("label", { for: "force" }, "Force: skip the search for duplicates and the storm rule. Needs the right to approve, and is audited.")),
    el("p", { class: "buttons" }, send),
  );
  drawFields(inputs, choice.value);
  replace(
    view,
    heading(1, "Dispatch"),
    me.reads ? null : el("p", { class: "box wait" }, "This token may not read: what waits, the audit and the phases are not for it. Where it may dispatch, the answer to each dispatch is shown here."),
    el("p", { class: "quietly" }, "A draft that passes every check is posted at once where the phase allows that; any other waits for approval."),
    form,
    outcome,
  );
}

function drawFields(inputs, task) {
  replace(inputs, FORMS[task].fields.map(({ id, label, hint, required }) => [
    el("label", { for: id }, label),
    el("input", { id, required, autocomplete: "off", maxlength: "2000", "aria-describedby": `${id}-hint` }),
    el("small", { id: `${id}-hint` }, hint),
  ]));
}

async function carryOut(outcome, task, force) {
  const { path, posted } = FORMS[task];
  const mine = (watched += 1);
  const goesOn = () => mine === watched;
  let body;
  try {
    body = readForm(task);
  } catch (fault) {
    replace(outcome, el("p", { class: "box bad", role: "alert" }, fault.message));
    return;
  }
  if (force) body.force = true;
  replace(outcome, el("p", {}, "Reading what it is about…"));
  try {
    // Who may not read cannot follow the run: the answer itself then says how it ended.
    const answer = await post(path, body, me.reads ? { prefer: "respond-async" } : {});
    if (answer.body.tasks) await showTasks(outcome, posted, answer.body, goesOn);
    else if (answer.body.status === "accepted") await showAccepted(outcome, answer.body.runId, posted, goesOn);
    else replace(outcome, ended(posted, answer.body));
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    if (trouble.body.tasks) await showTasks(outcome, posted, trouble.body, goesOn);
    else if (trouble.body.status === "in_progress") await showAccepted(outcome, trouble.body.runId, posted, goesOn);
    else replace(outcome, refusedRun(trouble));
  }
}

async function showAccepted(outcome, runId, posted, goesOn) {
  if (me.reads) await follow(outcome, runId, posted, goesOn);
  else replace(outcome, el("p", { class: "box good" }, `Accepted, run ${runId}. This token may not read its end.`));
}

// Each task of a batch with an end of its own.
async function showTasks(outcome, posted, { tasks }, goesOn) {
  const places = tasks.map((task) => el("div", {}, el("h2", {}, targetName(task.target.type, task.target.number)), el("div", { class: "outcome" })));
  replace(outcome, places);
  await Promise.all(tasks.map((task, index) => {
    const spot = places[index].lastChild;
    if (["accepted", "in_progress"].includes(task.status)) return showAccepted(spot, task.runId, posted, goesOn);
    if (task.status === "error") replace(spot, el("p", { class: "box bad" }, words(sentence(task.error.message))));
    else replace(spot, ended(posted, task));
    return null;
  }));
}
