// The breaker and the money of the last 60 minutes, as a picture, and the reset.

const HOUR_MS = 3600 * 1000;

async function readHealth() {
  try {
    return await get("/health");
  } catch (trouble) {
    if (trouble instanceof Trouble && trouble.body.status === "degraded") return trouble.body;
    throw trouble;
  }
}

function showHealth(health) {
  replace(byId("phase"), health.phase || "");
  const state = health.circuitBreaker ? health.circuitBreaker.state : "degraded";
  const kind = { closed: "good", half_open: "wait" }[state] || "bad";
  const lamp = byId("lamp");
  lamp.className = `chip ${kind}`;
  replace(lamp, `breaker ${state.replace("_", "-")}`);
}

async function breakerView(view) {
  const [health, recent] = await Promise.all([readHealth(), me.reads ? get("/audit?limit=100").catch(() => ({ runs: [] })) : { runs: [] }]);
  showHealth(health);
  const resetButton = button("Reset the breaker…", { class: "danger", click: () => resetBreaker(view) });
  const breaker = health.circuitBreaker;
  replace(
    view,
    heading(1, "Circuit breaker"),
    health.notice ? el("p", { class: "box wait" }, words(sentence(health.notice))) : null,
    breaker ? breakerPicture(breaker, recent.runs) : el("div", { class: "box bad", role: "alert" }, el("p", {}, el("strong", {}, words(sentence(health.detail)))), el("p", {}, "Nothing is dispatched while this lasts.")),
    section("Reset", el("p", {}, "Closes the breaker and clears the count of failures. Charges stay: a used-up budget heals by itself, not by a reset."), el("p", { class: "buttons" }, resetButton)),
  );
}

function breakerPicture(breaker, runs) {
  const text = {
    closed: "Closed: dispatches go through.",
    open: "Open: dispatches are refused until the cool-down is over and a probe succeeds.",
    half_open: "Half-open: one dispatch at a time goes through, as a probe.",
  }[breaker.state] || breaker.state;
  return [
    el(
      "div",
      { class: `box ${breaker.state === "closed" ? "good" : "bad"}` },
      el("p", {}, el("strong", {}, text)),
      breaker.reason ? el("p", {}, words(sentence(breaker.reason))) : null,
      breaker.openedAt ? el("p", {}, "Since ", when(breaker.openedAt), breaker.nextProbeAt ? ["; the next probe goes through ", Date.parse(breaker.nextProbeAt) > Date.now() ? when(breaker.nextProbeAt) : "with the next dispatch"] : "", ".") : null,
    ),
    el(
      "div",
      { class: "pictures" },
      el("figure", {}, gauge(Number(breaker.totalCostUsd), Number(breaker.maxCostUsd)), el("figcaption", {}, "Charged in the last 60 minutes, reservations in flight included.")),
      el("figure", {}, hourChart(runs), el("p", { class: "ends" }, el("span", {}, "60 min ago"), el("span", {}, "now")), el("figcaption", {}, "What each finished run came to. ", dearest(runs))),
    ),
    facts([
      ["Tasks in the window", String(breaker.totalTasks)],
      ["Failed", String(breaker.failedTasks)],
      ["Charged", money(breaker.totalCostUsd)],
      ["Ceiling", money(breaker.maxCostUsd)],
    ]),
  ];
}

function arc(from, to) {
  const point = (share) => {
    const angle = Math.PI * (1 - share);
    return `${(100 + 80 * Math.cos(angle)).toFixed(2)} ${(100 - 80 * Math.sin(angle)).toFixed(2)}`;
  };
  return `M ${point(from)} A 80 80 0 0 1 ${point(to)}`;
}

// A half circle: the share of the ceiling that is used, with a mark at 80 %, where the alarm is.
function gauge(spent, ceiling) {
  const share = ceiling > 0 ? Math.min(1, spent / ceiling) : 1;
  const kind = share >= 0.8 ? "high" : share >= 0.5 ? "middle" : "low";
  const text = `${money(spent.toFixed(6))} of ${money(ceiling.toFixed(6))}, ${Math.round(share * 100)} percent`;
  return svg(
    "svg",
    { viewBox: "0 0 200 122", role: "img", "aria-label": text, class: "gauge" },
    svg("path", { d: arc(0, 1), class: "track" }),
    share > 0 ? svg("path", { d: arc(0, Math.max(share, 0.004)), class: `value ${kind}` }) : null,
    svg("path", { d: arc(0.798, 0.802), class: "mark" }),
    svg("text", { x: "100", y: "88", class: "big" }, money(spent.toFixed(6))),
    svg("text", { x: "100", y: "106" }, `of ${money(ceiling.toFixed(2))}`),
  );
}

function ofThisHour(runs) {
  return runs.filter((run) => run.cost && Date.now() - Date.parse(run.startedAt) < HOUR_MS);
}

function dearest(runs) {
  const costs = ofThisHour(runs).map((run) => Number(run.cost));
  return costs.length ? `The dearest of ${costs.length}: ${money(Math.max(...costs).toFixed(6))}.` : "There is none yet.";
}

// One bar per finished run at the time it started; the tallest fills the picture.
function hourChart(runs) {
  const held = ofThisHour(runs);
  const most = Math.max(...held.map((run) => Number(run.cost)), 0.000001);
  const bars = held.map((run) => {
    const age = Date.now() - Date.parse(run.startedAt);
    const height = Math.max(1.5, (Number(run.cost) / most) * 96);
    const failed = run.status === "failed" || run.status === "rejected";
    return svg(
      "rect",
      { x: ((1 - age / HOUR_MS) * 296).toFixed(1), y: (100 - height).toFixed(1), width: "3", height: height.toFixed(1), class: failed ? "bar bad" : "bar" },
      svg("title", {}, `${money(run.cost)}, ${span(age / 1000)} ago`),
    );
  });
  return svg(
    "svg",
    { viewBox: "0 0 300 100", preserveAspectRatio: "none", role: "img", "aria-label": `Last 60 minutes: ${held.length} finished runs. ${dearest(runs)}`, class: "hour" },
    bars,
  );
}

async function resetBreaker(view) {
  const sure = await ask({
    title: "Reset the circuit breaker?",
    content: el("p", {}, "Dispatches go through again at once. If the cause is still there, money is spent on failures until it opens again. The reset is audited under your name."),
    confirm: "Reset it",
    danger: true,
  });
  if (!sure) return;
  try {
    const { body } = await post("/circuit/reset", {});
    await breakerView(view);
    say(sentence(body.message));
  } catch (trouble) {
    showTrouble(trouble);
  }
}
