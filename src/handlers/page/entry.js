// Who is at the page: signing in, signing in again when a token has expired, and signing out.

// `reads`: whether the token may read. `repository` is the one that this deployment works on, once it is known.
const me = { entered: false, reads: true, repository: "" };

// What a token is tried with. A token without the right to read is one too: it may dispatch, or reset the breaker.
async function tryToken(value) {
  keepToken(value.trim());
  const { status, body, ok } = await exchange("GET", "/pending?limit=1", undefined, {});
  if (ok || (body && body.error && body.error.code === "forbidden")) return;
  dropToken();
  throw new Trouble(status, status === 401 ? { error: { code: "unauthorized", message: NOT_ACCEPTED } } : body);
}

function tokenField(id) {
  return el("input", { id, type: "password", autocomplete: "off", spellcheck: "false", required: true, "aria-describedby": `${id}-hint` });
}

function signInView(main, message = "") {
  const field = tokenField("token");
  const trouble = el("div", {}, message ? el("p", { class: "box bad", role: "alert" }, message) : null);
  replace(
    main,
    el(
      "form",
      {
        class: "alone stack",
        submit: async (event) => {
          event.preventDefault();
          try {
            await tryToken(field.value);
          } catch (error) {
            if (!(error instanceof Trouble)) throw error;
            replace(trouble, troubleBox(error));
            return;
          }
          say("");
          start();
        },
      },
      el("h1", {}, "DFG Orchestrator"),
      el("p", {}, "Sign in to see what waits for you."),
      trouble,
      el("label", { for: "token" }, "Token"),
      field,
      el("small", { id: "token-hint" }, "One of ORCHESTRATOR_SECRET. It stays in this tab alone, and is gone when you close it."),
      el("p", { class: "buttons" }, el("button", { type: "submit", class: "main" }, "Sign in")),
    ),
  );
  field.focus();
}

let signing = null;

// Resolves to whether somebody has signed in again. What is on the screen stays, and what is typed into it.
function signInAgain() {
  dropToken();
  signing = signing || askToken().finally(() => { signing = null; });
  return signing;
}

function askToken() {
  const field = tokenField("token-again");
  const trouble = el("div", {}, el("p", { class: "box bad", role: "alert" }, NOT_ACCEPTED));
  return new Promise((resolve) => {
    let again = false;
    const dialog = el(
      "dialog",
      {
        "aria-labelledby": "again-title",
        close: () => {
          dialog.remove();
          if (!again) leave();
          resolve(again);
        },
      },
      el(
        "form",
        {
          submit: async (event) => {
            event.preventDefault();
            try {
              await tryToken(field.value);
              again = true;
              dialog.close();
            } catch (error) {
              if (!(error instanceof Trouble)) throw error;
              replace(trouble, troubleBox(error));
            }
          },
        },
        el("h2", { id: "again-title" }, "Sign in again"),
        trouble,
        el("p", { id: "token-again-hint" }, "What you were doing stays as it is, and goes on afterwards."),
        el("label", { for: "token-again" }, "Token"),
        field,
        el("p", { class: "buttons" }, el("button", { type: "submit", class: "main" }, "Sign in"), button("Sign out", { click: () => dialog.close() })),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
    field.focus();
  });
}

function leave(message = "") {
  dropToken();
  Object.assign(me, { entered: false, reads: true, repository: "" });
  forgetQueue();
  byId("bar").hidden = true;
  say("");
  shown += 1;
  watched += 1;
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  signInView(byId("main"), message);
}
