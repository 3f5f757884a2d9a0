// The events of one run in order, and the check of their hashes.

const MONEY = new Set(["amount", "charged", "cost", "kept", "reserved"]);
const MOMENTS = new Set(["until"]);
const GENESIS = "0".repeat(64);

function eventName(type) {
  return type.replace(".", " ").replaceAll("_", " ");
}

function eventKind(event) {
  if (/failed|refused|rejected|unknown|opened|expired/.test(event.type)) return "bad";
  return /executed|finished|answered|granted|settled/.test(event.type) ? "good" : "";
}

function timelineView(events) {
  const start = events.length ? Date.parse(events[0].at) : 0;
  return el("ol", { class: "timeline" }, events.map((event) => timelineItem(event, start)));
}

function timelineItem(event, start) {
  const later = (Date.parse(event.at) - start) / 1000;
  return el(
    "li",
    { class: eventKind(event) },
    el(
      "details",
      {},
      el(
        "summary",
        {},
        el("span", { class: "number" }, String(event.seq)),
        el("strong", {}, eventName(event.type)),
        el("span", { class: "line" }, brief(event)),
        el("time", { datetime: event.at, title: exact(event.at) }, later < 1 ? `+${Math.round(later * 1000)} ms` : later < 120 ? `+${later.toFixed(1)} s` : `+${span(later)}`),
      ),
      dataList(event.data),
      facts([["At", exact(event.at)], ["Hash", el("code", { class: "long" }, event.hash)], ["Hash before it", el("code", { class: "long" }, event.prev)]]),
    ),
  );
}

// What most readers want of an event without opening it.
function brief(event) {
  const data = event.data;
  const said = data.detail || data.message || data.reason || data.status || data.classification || data.stale || "";
  const parts = [];
  if (data.principal && event.seq === 0) parts.push(words(`by ${data.principal}`));
  if (data.target) parts.push(targetName(data.target.type, data.target.number));
  if (data.model) parts.push(words(data.model));
  for (const name of MONEY) if (typeof data[name] === "number") parts.push(`${name} ${micro(data[name])}`);
  if (said) parts.push(words(said));
  return parts.flatMap((part, index) => (index ? [" · ", part] : [part]));
}

function micro(amount) {
  return money((amount / 1e6).toFixed(6));
}

function dataList(data) {
  return facts(Object.entries(data).map(([name, value]) => [name, dataValue(name, value)]));
}

function dataValue(name, value) {
  if (value === null || value === "") return "";
  if (MONEY.has(name) && typeof value === "number") return micro(value);
  if (MOMENTS.has(name) && typeof value === "number") return exact(value);
  if (name === "runId") return el("a", { href: `#/audit/${encodeURIComponent(value)}` }, value);
  if (name === "actionId") return el("a", { href: `#/waiting/${encodeURIComponent(value)}` }, value);
  if (name === "checks") return value.length ? checksList(value) : "none";
  if (typeof value !== "object") return name === "url" ? outside(value, words(value)) : words(value);
  if (name === "target") return targetName(value.type, value.number);
  const text = JSON.stringify(value, null, 1);
  return text === "[]" || text === "{}" ? "none" : el("pre", { class: "data" }, words(text));
}

// The bytes that an event's hash is over, as src/core/canonical.py makes them.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const fields = Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
  return `{${fields.join(",")}}`;
}

async function hashOf(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What this browser makes of the chain by itself: a text, and whether all hashes and links fit.
async function checkHere(events) {
  let prev = GENESIS;
  for (const [position, { chain, seq, type, at, data, prev: before, hash }] of events.entries()) {
    const fits = seq === position && before === prev && (await hashOf(canonical({ chain, seq, type, at, data, prev: before }))) === hash;
    if (!fits) return { good: false, text: `Checked in this browser: event ${position} does not fit.` };
    prev = hash;
  }
  return { good: true, text: `Checked again in this browser: all ${events.length} hashes and links fit.` };
}

function verdictView(run) {
  const said = run.chain;
  const box = el(
    "div",
    { class: `box ${said.intact ? "good" : "bad"}` },
    el("p", {}, el("strong", {}, said.intact ? "The chain is intact." : "The chain is broken."), " ", said.intact ? `${said.events} events, as the service reads them.` : words(sentence(said.fault))),
  );
  if (window.isSecureContext) {
    checkHere(run.events).then(({ good, text }) => {
      if (!good) box.className = "box bad";
      box.append(el("p", {}, text));
    });
  }
  return box;
}
