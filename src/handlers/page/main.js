// Which view is shown: the address after # says it, so that back, reload and links work.

const VIEWS = { waiting: waitingView, dispatch: dispatchView, breaker: breakerView, audit: auditView, phases: phasesView };
const READERS = new Set(["waiting", "audit", "phases"]);
const LOADING_MS = 200;
const REFRESH_MS = 20_000;
let shown = 0;
let here = ""; // the view on the screen

function place() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?");
  const [, view = "", ...rest] = path.split("/");
  const known = VIEWS[view] ? view : "waiting";
  return { view: me.reads || !READERS.has(known) ? known : "dispatch", id: decodeURIComponent(rest.join("/")), query: new URLSearchParams(query) };
}

function loadingSign() {
  return el("p", { class: "loading", role: "status" }, "Loading…");
}

async function show() {
  const main = byId("main");
  const mine = (shown += 1);
  watched += 1; // a dispatch that is being followed in the view before is not followed any more
  if (!me.entered) {
    signInView(main);
    return;
  }
  const { view, id, query } = place();
  for (const link of document.querySelectorAll("[data-view]")) {
    link.hidden = !me.reads && READERS.has(link.dataset.view);
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${view.charAt(0).toUpperCase()}${view.slice(1)} · DFG Orchestrator`;
  if (view === "waiting" && here === "waiting" && desk && desk.split.isConnected) {
    await openAction(id);
    return;
  }
  here = "";
  const fresh = el("div", { class: `view ${view}` });
  const slow = setTimeout(() => mine === shown && replace(main, loadingSign()), LOADING_MS);
  try {
    await VIEWS[view](fresh, id, query);
    if (mine !== shown) return; // the reader has gone on meanwhile
    here = view;
    replace(main, fresh);
    const title = (id && fresh.querySelector("#looked-at")) || fresh.querySelector("h1");
    if (title) title.focus();
  } catch (trouble) {
    if (mine === shown) showTrouble(trouble);
  } finally {
    clearTimeout(slow);
  }
}

// What went wrong, in place of the view. Anything but Trouble is a fault of this page.
function showTrouble(trouble) {
  if (!(trouble instanceof Trouble)) throw trouble;
  if (!me.entered) return; // the sign-in says it
  here = "";
  replace(byId("main"), el("div", { class: "view" }, troubleBox(trouble, el("p", { class: "buttons" }, button("Look again", { class: "main", click: show })))));
}

async function start() {
  me.entered = Boolean(token());
  if (me.entered) {
    byId("bar").hidden = false;
    try {
      await loadQueue();
      me.reads = queue.fresh = true;
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      me.reads = trouble.code !== "forbidden"; // any other trouble is the view's to tell
    }
    if (!me.entered) return;
    headerFollows();
  }
  await show();
}

// The header's state, once for several answers that come together.
let following = 0;

function headerFollows() {
  clearTimeout(following);
  following = setTimeout(async () => {
    if (!me.entered) return;
    try {
      showHealth(await readHealth());
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble; // the view itself tells what is wrong
    }
  }, 50);
}

// What waits stays fresh by itself; nothing that is being typed or looked at is touched.
setInterval(async () => {
  if (!me.entered || !me.reads || document.visibilityState !== "visible" || document.querySelector("dialog[open]")) return;
  try {
    await refreshQueue();
  } catch (trouble) {
    if (trouble instanceof Trouble) return; // what is on the screen says since when it stands
    throw trouble;
  }
  if (here === "waiting" && desk && desk.split.isConnected) {
    if (desk.items.has(desk.id) && !queue.cursor && !queue.actions.some((action) => action.id === desk.id)) say("What you are looking at was decided elsewhere meanwhile, or its time is over.");
    drawQueue();
  }
  headerFollows();
}, REFRESH_MS);

window.addEventListener("hashchange", () => {
  say("");
  show();
});
window.addEventListener("unhandledrejection", (event) => {
  if (event.reason instanceof Trouble) {
    event.preventDefault();
    showTrouble(event.reason);
  }
});
byId("leave").addEventListener("click", () => leave());
start();
