// Calls of the API. The token lives in this tab's session storage and goes out in one header, to this origin alone.

const KEPT = "dfg.token";
const REQUEST_SECONDS = 40;

const ADVICE = {
  unauthorized: "The token was not accepted. Check it, or ask for a new one, and sign in again.",
  forbidden: "This token does not have the right for that. Sign in with one that has.",
  self_approval: "You dispatched this yourself. Somebody else has to approve it.",
  phase: "The deployed phase does not allow this. Deploy a later phase, or confirm its prerequisites.",
  not_found: "There is nothing by this number or id. Check it.",
  bad_request: "Correct what the message names and send it again.",
  too_large: "Send less.",
  conflict: "Look again, then decide.",
  digest_mismatch: "What you looked at is not what is recorded. Look again, then decide.",
  github_unavailable: "GitHub could not be read. Nothing was done and nothing paid; try again in a minute.",
  store_unavailable: "The store could not be reached. Try again shortly; see the breaker view when it goes on.",
  worker_unavailable: "The worker could not be started. Nothing was sent to the model; try again.",
  policy_rejected: "The draft was refused whole; the audit holds it. Dispatch again for a new draft.",
  circuit_open: "The circuit breaker is open. Look at the breaker, then wait for its probe or reset it.",
  budget_exhausted: "The budget is used up. It heals by itself as charges leave the window.",
  task_limit: "Enough tasks for now. It heals by itself as they leave the window.",
  comment_storm: "A plan was posted there a short while ago. Push a commit, wait, or dispatch with force.",
  older_version: "The service was upgraded meanwhile. Dispatch again.",
  model_error: "The model failed after its retries. Dispatch again later.",
  outcome_unknown: "No answer came, so it may be posted or not. Look at the target; once the settle time is over, approving again looks for it first.",
  failed: "It was definitely not posted, and keeps waiting. Approve it again when the cause is gone; nothing is paid twice.",
};

const OFFLINE = "No answer came from the service. Check the connection, then look again before you repeat it: what was sent may have been carried out.";
const NOT_ACCEPTED = "The token was not accepted. Check it and sign in again.";

// What went wrong, and what to do. `body` is the answer; empty when none came.
class Trouble extends Error {
  constructor(status, body) {
    const error = (body && body.error) || {};
    super(error.message || (status ? `the service answered ${status}` : "no answer"));
    this.status = status;
    this.body = body || {};
    this.code = error.code || "";
    this.advice = status ? ADVICE[this.code] || "Look again; if it goes on, the request id helps to find it in the logs." : OFFLINE;
  }
}

function token() {
  return sessionStorage.getItem(KEPT) || "";
}

function keepToken(value) {
  sessionStorage.setItem(KEPT, value);
}

function dropToken() {
  sessionStorage.removeItem(KEPT);
}

// The answer of one call: `{status, body}`. Throws Trouble for what is not a 2xx. A token that is not accepted any more
// is asked for again over what is on the screen, and the call repeated with the new one: a 401 has carried nothing out.
async function call(method, path, { body, headers = {} } = {}) {
  const answer = await exchange(method, path, body, headers);
  if (answer.status === 401 && me.entered && (await signInAgain())) return call(method, path, { body, headers });
  if (method === "POST") headerFollows();
  if (!answer.ok || answer.body === null) throw new Trouble(answer.status, answer.body);
  return answer;
}

async function exchange(method, path, body, headers) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), REQUEST_SECONDS * 1000);
  try {
    const answer = await fetch(path, {
      method,
      headers: { authorization: `Bearer ${token()}`, "content-type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: stop.signal,
    });
    return { ok: answer.ok, status: answer.status, body: parse(await answer.text()) };
  } catch {
    throw new Trouble(0, null);
  } finally {
    clearTimeout(timer);
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // not this API's answer: a gateway's page, or a cut one
  }
}

function get(path) {
  return call("GET", path).then((answer) => answer.body);
}

function post(path, body, headers) {
  return call("POST", path, { body, headers });
}

// The trouble as a block: what happened, and what to do about it.
function troubleBox(trouble, ...more) {
  const wait = trouble.body.retryAfter;
  return el(
    "div",
    { class: "box bad", role: "alert" },
    el("p", {}, el("strong", {}, words(sentence(trouble.message)))),
    el("p", {}, trouble.advice, wait ? ` Try again in ${span(wait)}.` : ""),
    more,
  );
}

function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
