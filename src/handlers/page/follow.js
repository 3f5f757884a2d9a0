// A run from its dispatch to its end, as it happens.

const POLL_MS = [400, 800, 1200, 2000];
const STAGES = [
  ["run.started", "Claimed: the target, the money and the prompt are on record"],
  ["generation.answered", "The model has answered"],
  ["policy.judged", "Policy has judged"],
  ["action.intended", "The intent to post is on record"],
  ["run.finished", "Done"],
];
let watched = 0;

// Reads the run's audit trail until it has ended, or until `goesOn()` is false because the view has changed.
async function follow(outcome, runId, posted, goesOn) {
  const list = el("ol", { class: "stages" });
  const trail = el("p", {}, el("a", { href: `#/audit/${encodeURIComponent(runId)}` }, "Its audit trail"));
  replace(outcome, el("h2", {}, "Under way"), list, trail);
  for (let round = 0; goesOn(); round += 1) {
    let run;
    try {
      run = await get(`/audit/${encodeURIComponent(runId)}`);
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      outcome.append(troubleBox(trouble, el("p", {}, "The run itself goes on: its audit trail will say how it ended.")));
      return;
    }
    showStages(list, run.events);
    const last = run.events.find((event) => event.type === "run.finished");
    if (last) {
      trail.remove();
      const { url } = run.events.find((event) => event.type === "action.executed")?.data || {};
      outcome.append(ended(posted, { ...last.data, runId, url, checks: checksOf(run.events), executed: last.data.state === "executed", cost: (last.data.charged / 1e6).toFixed(6) }));
      replace(outcome.querySelector("h2"), "Ended");
      outcome.lastElementChild.scrollIntoView({ block: "nearest" });
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS[Math.min(round, POLL_MS.length - 1)]));
  }
}

function checksOf(events) {
  const judged = events.find((event) => event.type === "policy.judged");
  return judged ? judged.data.checks : [];
}

function showStages(list, events) {
  const over = events.some((event) => event.type === "run.finished");
  const start = Date.parse(events[0].at);
  const failures = events.filter((event) => event.type === "generation.attempt_failed");
  const rows = [];
  let reached = true;
  for (const [type, text] of STAGES) {
    const event = events.find((one) => one.type === type);
    if (!event && over) continue; // this run came to its end without it
    const state = event ? "done" : reached ? "now" : "next";
    reached = Boolean(event);
    rows.push(el("li", { class: state }, text, event ? el("small", {}, ` +${((Date.parse(event.at) - start) / 1000).toFixed(1)} s`) : null));
    if (type === "run.started") rows.push(...failures.map((one) => el("li", { class: "failed" }, "Attempt ", String(one.data.attempt), ": ", words(one.data.detail))));
  }
  if (list.childElementCount !== rows.length || list.querySelectorAll(".done").length !== rows.filter((row) => row.className === "done").length) replace(list, rows);
}

const ENDINGS = {
  pending: "The draft is made, and waits for your approval.",
  failed: "The draft is made, and posting it was definitely refused. It waits; approve it to try again without paying again.",
  outcome_unknown: "It was sent and no answer came: it may be posted or not. It waits; approving it looks for it first.",
  shadowed: "Shadow mode: the draft is made and nothing was sent.",
  superseded: "A newer comment of this kind is posted there; whether this one is too is not known.",
  rejected: "The draft was made, and rejected.",
  expired: "The draft was made, and nobody approved it in time.",
  nothing_to_do: "There is nothing to do.",
};
const OTHERS = {
  duplicate: "The same content was worked on before. This is the first run's result.",
  skipped: "Skipped; nothing was paid.",
  rejected: "Policy refused what the model wrote. Nothing was posted.",
  failed: "The run failed, and nothing was posted.",
};

// `posted` is the sentence for what was carried out.
function ended(posted, body) {
  const text = body.status === "success" ? (body.state === "executed" ? posted : ENDINGS[body.state] || "Done.") : OTHERS[body.status] || body.status;
  const good = body.executed || body.state === "pending" || body.state === "shadowed";
  const advice = ADVICE[body.reason];
  const waits = ["pending", "failed", "outcome_unknown"].includes(body.state);
  return el(
    "div",
    { class: `box ${good ? "good" : body.status === "duplicate" || body.status === "skipped" ? "" : "bad"}` },
    el("p", {}, el("strong", {}, text)),
    body.error ? el("p", {}, words(sentence(body.error.message))) : null,
    advice ? el("p", {}, advice) : null,
    checksList(body.checks || []),
    facts([
      ["State", body.state ? stateChip(body.state) : ""],
      ["Cost", body.cost ? money(body.cost) : ""],
    ]),
    el(
      "p",
      { class: "buttons" },
      waits && body.actionId ? el("a", { class: "button", href: `#/waiting/${encodeURIComponent(body.actionId)}` }, "Look at it and decide") : null,
      commentLink(body.url),
      body.runId && me.reads ? el("a", { href: `#/audit/${encodeURIComponent(body.runId)}` }, "Audit trail") : null,
    ),
  );
}

function refusedRun(trouble) {
  const { runId, checks, cost } = trouble.body;
  return troubleBox(
    trouble,
    checksList(checks || []),
    cost ? el("p", {}, `It cost ${money(cost)}.`) : null,
    runId && me.reads ? el("p", {}, el("a", { href: `#/audit/${encodeURIComponent(runId)}` }, "Audit trail")) : null,
  );
}
