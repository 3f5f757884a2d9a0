// The phases: what is deployed, what the next one would add, and what became of the proposals so far.

const DAYS = [7, 30, 90];
const TRIGGERS = { api: "on request", schedule: "on a schedule", webhook: "by a label or comment on GitHub" };
const FIGURES = [
  ["proposals", "Proposed"],
  ["postedByItself", "By itself"],
  ["approvedUnchanged", "Approved"],
  ["approvedStale", "Approved as stale"],
  ["rejected", "Rejected"],
  ["expired", "Expired"],
  ["refusedByPolicy", "Refused by policy"],
  ["shadowed", "Shadowed"],
  ["waiting", "Waiting"],
  ["failed", "Failed runs"],
  ["unfinished", "Running"],
];
const ALWAYS = new Set(["proposals", "postedByItself", "approvedUnchanged", "rejected", "expired", "refusedByPolicy"]); // the others, where there are any
const CHANGES = { add_comment: "comments", change_labels: "label changes" };

async function phasesView(view) {
  const evidence = section("Evidence", el("p", { class: "quietly" }, "What became of each task's proposals, counted from the audit alone: for runs that started in the period."), periodForm(), el("div", { id: "evidence", "aria-live": "polite" }));
  const body = await get("/phases?days=30");
  const here = body.phases.findIndex((one) => one.deployed);
  replace(
    view,
    heading(1, "Phases"),
    deployedBox(body),
    nextPhase(body.phases[here + 1], body.prerequisites),
    evidence,
    section("Every phase", el("ol", { class: "phases" }, body.phases.map((one) => phaseItem(one)))),
  );
  replace(view.querySelector("#evidence"), evidenceTable(body));
}

function deployedBox({ phase, prerequisites, phases }) {
  const needs = phases.find((one) => one.deployed).needsPrerequisites;
  if (!needs || prerequisites === "confirmed") return el("p", { class: "box good" }, el("strong", {}, `${phase} is deployed.`), ` Prerequisites: ${prerequisites}.`);
  return el("p", { class: "box bad", role: "alert" }, el("strong", {}, `${phase} is deployed, and refuses everything: its prerequisites are not confirmed.`), " Deploy phase1, or confirm them.");
}

function nextPhase(next, prerequisites) {
  if (!next) return section("Next", el("p", { class: "empty" }, "This is the last phase."));
  const missing = next.needsPrerequisites && prerequisites !== "confirmed";
  return section(
    `Next: ${next.phase}`,
    additions(next),
    missing
      ? el("p", { class: "box wait" }, "It needs both prerequisites first: CI gating (PRE-006) and secured debug endpoints (CRIT-001). Without them the deployment is refused.")
      : el("p", { class: "quietly" }, `Deploy with Phase=${next.phase} to switch it on. Taking it back has effect at once, also for what is queued.`),
  );
}

function additions({ adds }) {
  const lines = [
    ...adds.tasks.map((task) => `${taskName(task.taskType)} ${TRIGGERS[task.trigger] || task.trigger}`),
    ...adds.byItself.map((pair) => `${actionOf(pair)} without you, when every check passes`),
    ...adds.asks.map((pair) => `${actionOf(pair)} after your approval`),
  ];
  return el("ul", { class: "adds" }, lines.map((line) => el("li", {}, words(line))));
}

function actionOf({ taskType, actionType }) {
  return `${taskName(taskType)}: ${CHANGES[actionType] || actionType}`;
}

function phaseItem(one) {
  return el(
    "li",
    one.deployed ? { "aria-current": "true" } : {},
    el("p", { class: "chips" }, el("strong", {}, one.phase), one.deployed ? chip("deployed", "good") : null, one.needsPrerequisites ? chip("needs both prerequisites") : null),
    additions(one),
  );
}

function periodForm() {
  const choose = el(
    "select",
    {
      id: "days",
      change: async () => {
        const place = byId("evidence");
        const days = choose.value;
        let told;
        replace(place, el("p", {}, "Counting…"));
        try {
          told = evidenceTable(await get(`/phases?days=${days}`));
        } catch (trouble) {
          if (!(trouble instanceof Trouble)) throw trouble;
          told = troubleBox(trouble);
        }
        if (days === choose.value) replace(place, told); // else another period was chosen meanwhile
      },
    },
    DAYS.map((days) => el("option", { value: String(days), selected: days === 30 }, `last ${days} days`)),
  );
  return el("p", { class: "period" }, el("label", { for: "days" }, "Period"), choose);
}

function evidenceTable({ evidence, complete, period }) {
  const cut = complete ? null : el("p", { class: "box wait" }, "There is more in this period than one answer reads. The figures begin ", exact(period.since), " and are whole from there on; choose a shorter period to see all of it.");
  if (!evidence.length) return [cut, el("p", { class: "empty" }, "No runs in this period. Proposals that are made, in whichever way, appear here.")];
  const columns = FIGURES.filter(([name]) => ALWAYS.has(name) || evidence.some((line) => line[name]));
  return [
    cut,
    el(
      "table",
      { class: "evidence" },
      el("thead", {}, el("tr", {}, ["Task", ...columns.map(([, title]) => title), "Cost", "Per accepted", "Worked through", "Boxes ticked", "Liked", "Disliked", "Per worked through"].map((title) => el("th", { scope: "col" }, title)))),
      el("tbody", {}, evidence.map((line) => evidenceRow(line, columns))),
    ),
    el("p", { class: "quietly" }, "Accepted is what was carried out: by itself or approved. Failed runs came to no proposal; their cost counts."),
  ];
}

function evidenceRow(line, columns) {
  const cell = (title, content) => el("td", { class: "figure", "data-title": title }, content);
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, taskName(line.taskType)),
    columns.map(([name, title]) => cell(title, String(line[name]))),
    cell("Cost", money(line.cost)),
    cell("Per accepted", line.costPerAccepted === null ? "–" : money(line.costPerAccepted)),
    cell("Worked through", String(line.workedThrough)),
    cell("Boxes ticked", line.tickedShare === null ? "–" : `${Math.round(100 * line.tickedShare)} %`),
    cell("Liked", String(line.liked)),
    cell("Disliked", String(line.disliked)),
    cell("Per worked through", line.costPerWorkedThrough === null ? "–" : money(line.costPerWorkedThrough)),
  );
}
