// Sign-in, and which view is shown: the address after # says it, so that back, reload and links work.

const VIEWS = { waiting: waitingView, dispatch: dispatchView, breaker: breakerView, audit: auditView, phases: phasesView };
let shown = 0;

function place() {
  const [, view = "", ...rest] = location.hash.replace(/^#/, "").split("/");
  return VIEWS[view] ? { view, id: decodeURIComponent(rest.join("/")) } : { view: "waiting", id: "" };
}

async function show() {
  const main = byId("main");
  const mine = (shown += 1);
  watched += 1; // a dispatch that is being followed in the view before is not followed any more
  byId("bar").hidden = !token();
  if (!token()) {
    signInView(main);
    return;
  }
  const { view, id } = place();
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${view.charAt(0).toUpperCase()}${view.slice(1)} · DFG Orchestrator`;
  const fresh = el("div", { class: `view ${view}` });
  try {
    await VIEWS[view](fresh, id);
    if (mine !== shown) return; // the reader has gone on meanwhile
    replace(main, fresh);
    const title = (id && fresh.querySelector("#looked-at")) || fresh.querySelector("h1");
    if (title) title.focus();
  } catch (trouble) {
    if (mine === shown) showTrouble(trouble);
  }
}

// What went wrong, in place of the view. Anything but Trouble is a fault of this page.
function showTrouble(trouble) {
  if (!(trouble instanceof Trouble)) throw trouble;
  if (!token()) return; // the sign-in says it
  replace(byId("main"), el("div", { class: "view" }, troubleBox(trouble, el("p", { class: "buttons" }, button("Look again", { class: "main", click: show })))));
}

function signInView(main, message = "") {
  const field = el("input", { id: "token", type: "password", autocomplete: "off", spellcheck: "false", required: true, "aria-describedby": "token-hint" });
  const said = el("div", { role: "alert" }, message ? el("p", { class: "box bad" }, message) : null);
  replace(
    main,
    el(
      "form",
      {
        class: "alone stack",
        submit: async (event) => {
          event.preventDefault();
          keepToken(field.value.trim());
          try {
            await get("/pending?limit=1");
          } catch (trouble) {
            if (!(trouble instanceof Trouble)) throw trouble;
            if (trouble.code !== "forbidden") {
              dropToken();
              if (trouble.status !== 401) replace(said, troubleBox(trouble));
              return;
            }
          }
          say("");
          start();
        },
      },
      el("h1", {}, "DFG Orchestrator"),
      el("p", {}, "Sign in to see what waits for you."),
      said,
      el("label", { for: "token" }, "Token"),
      field,
      el("small", { id: "token-hint" }, "One of ORCHESTRATOR_SECRET. It stays in this tab alone, and is gone when you close it."),
      el("p", { class: "buttons" }, el("button", { type: "submit", class: "main" }, "Sign in")),
    ),
  );
  field.focus();
}

function leave(message = "") {
  dropToken();
  Object.assign(queue, { actions: [], cursor: null, at: 0, chosen: new Set() });
  byId("bar").hidden = true;
  say("");
  shown += 1;
  watched += 1;
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  signInView(byId("main"), message);
}

async function start() {
  await show();
  try {
    showHealth(await readHealth());
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble; // the view itself tells what is wrong
  }
}

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
