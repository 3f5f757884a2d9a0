// One action: what would be done, why it waits, and the two decisions; or what became of it.

// `settled(action, text)` is called once it has been decided, `again()` to look at it again.
function actionView(action, { settled, again }) {
  const result = el("div", { class: "result" });
  const others = el("div", {});
  const approveButton = button("Approve", { class: "main", click: () => decide(() => approve(action, action.digest), approveButton) });
  const rejectButton = button("Reject…", { click: refuse });
  const noteButton = button("Approve with a note…", { class: "quiet", click: approveWithNote });
  const buttons = [approveButton, rejectButton, noteButton];

  async function decide(send, pressed) {
    const name = pressed.textContent;
    for (const one of buttons) one.disabled = true;
    pressed.textContent = "Sending…";
    replace(result, el("p", { role: "status", class: "hidden" }, "Sending…"));
    try {
      const answer = await send();
      drafts.delete(`reason ${action.id}`);
      drafts.delete(`note ${action.id}`);
      settled(action, answer.body.status, outcomeText(action, answer));
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      replace(result, refusedBox(trouble));
      result.querySelector("button").focus();
      if (trouble.code === "conflict" && trouble.body.digest) showSiblings(others, action).catch(() => null);
    } finally {
      for (const one of buttons) one.disabled = false;
      pressed.textContent = name;
    }
  }

  async function refuse() {
    const answer = await askReason(`Reject the ${actionTitle(action)}?`, action.id);
    if (answer) await decide(() => reject(action, answer.reason), rejectButton);
  }

  async function approveWithNote() {
    const answer = await askNote(`Approve the ${actionTitle(action)}?`, action.id, [whatIsApproved(action)]);
    if (answer) await decide(() => approve(action, action.digest, answer.note), approveButton);
  }

  function refusedBox(trouble) {
    const more = [button("Look again", { class: "main", click: again })];
    const fresh = trouble.code === "conflict" && trouble.body.digest;
    if (fresh) {
      trouble.message = trouble.message.replace(/; send the new digest as If-Match.*/, ""); // the button below does
      more.push(
        button("Approve as stale…", {
          click: async () => {
            const sure = await confirmStale(trouble);
            if (sure) await decide(() => approve(action, fresh, sure.note), approveButton);
          },
        }),
      );
    }
    const compare = trouble.body.compare ? el("p", {}, outside(trouble.body.compare, "See what has changed since on GitHub")) : null;
    return troubleBox(trouble, compare, checksList(trouble.body.checks || []), el("p", { class: "buttons" }, more));
  }

  const view = el(
    "article",
    { class: "action", "aria-labelledby": "looked-at" },
    actionHead(action),
    whyItWaits(action),
    others,
    section("What would be done", el("p", {}, `Approving ${action.onApprove}.`), payloadView(action)),
    modelsWords(action),
    aboutIt(action),
    el("div", { class: "decision" }, result, el("p", { class: "buttons" }, buttons)),
  );
  view.approve = approveWithNote;
  view.reject = refuse;
  showSiblings(others, action).catch(() => null); // beside the point: the action itself is here
  return view;
}

// An action that does not wait any more: what it was, and what became of it.
function decidedView(action, again) {
  const [text] = STATES[action.state] || [action.state];
  return el(
    "article",
    { class: "action", "aria-labelledby": "looked-at" },
    actionHead(action),
    el(
      "div",
      { class: "box", role: "alert" },
      el("p", {}, el("strong", {}, "This action does not wait any more."), ` It is ${text}`, action.decidedAt ? [", ", when(action.decidedAt)] : "", action.decidedBy ? [", by ", words(action.decidedBy)] : "", ".", commentLink(action.commentUrl)),
      el("p", { class: "buttons" }, button("Look again", { class: "main", click: again }), el("a", { href: auditLink({ target: `${action.targetType}:${action.targetId}` }) }, "All about this target in the audit")),
    ),
    Object.keys(action.payload).length ? section("What it would have done, or did", payloadView(action)) : null,
    modelsWords(action),
    aboutIt(action),
  );
}

function actionHead(action) {
  return [
    el("h2", { id: "looked-at", tabindex: "-1" }, actionTitle(action)),
    el("p", { class: "about" }, outside(action.url, words(action.title || targetName(action.targetType, action.targetId))), action.author ? [" by ", words(action.author)] : null),
    el("p", { class: "chips" }, stateChip(action.state), chip(ACTIONS[action.actionType] || action.actionType), chip(String(action.classification).replaceAll("_", " "))),
  ];
}

// A failed attempt is why it waits now; what policy found stands whatever came after.
function whyItWaits(action) {
  const found = checksList(heldAgainst(action));
  const failed = action.lastError ? el("p", { class: "box bad" }, el("strong", {}, action.state === "failed" ? "It was not posted: " : "The last attempt: "), words(sentence(action.lastError))) : null;
  return section("Why it waits", failed, found || (failed ? null : el("p", {}, words(sentence(action.policyReason)))));
}

function modelsWords(action) {
  return action.reason || action.evidence ? section("Why, in the model's words", facts([["Reason", words(action.reason)], ["Evidence", words(action.evidence)]], "wide")) : null;
}

function aboutIt(action) {
  return section(
    "About it",
    facts([
      ["On GitHub", outside(action.url, targetName(action.targetType, action.targetId))],
      ["Written by", action.writtenBy || action.author ? words(action.writtenBy || action.author) : ""],
      ["Asked for by", words(action.principal)],
      ["Cost", money(action.cost)],
      ["Drafted", when(action.createdAt)],
      ["Expires", action.decidedAt ? "" : when(action.expiresAt)],
      ["Digest", shortHash(action.digest)],
      ["Run", el("a", { href: `#/audit/${encodeURIComponent(action.runId)}` }, "its audit trail")],
    ]),
  );
}

// What a question about an approval always says: the target, and all that policy found.
function whatIsApproved(action) {
  return el(
    "div",
    {},
    el("p", {}, words(action.title)),
    action.actionType === "change_labels" ? el("p", {}, labelsBriefly(action.payload)) : null,
    checksList(heldAgainst(action)) || el("p", {}, words(sentence(action.lastError || action.policyReason))),
  );
}

// Where a comment was posted, for those writers that tell.
function commentLink(url) {
  return url ? [" ", outside(url, "The comment on GitHub")] : null;
}

function section(title, ...content) {
  return el("section", {}, el("h3", {}, title), content);
}

function confirmStale(trouble) {
  const field = draftField("note", "stale");
  return ask({
    title: "Approve what was drafted for an earlier state?",
    content: [
      el("p", {}, words(sentence(trouble.message))),
      trouble.body.compare ? el("p", {}, outside(trouble.body.compare, "See what has changed since on GitHub")) : null,
      el("p", {}, "The comment is posted as you see it, and says for which commit it was written. The audit records that it was stale."),
      el("label", { for: "note" }, "Note, kept in the audit (optional)"),
      field,
    ],
    value: () => ({ note: field.value.trim() }),
    confirm: "Approve as stale",
  });
}

// The digest binds the approval to what is on the screen: it is always sent.
function approve(action, digest, note = "") {
  return post(`/approve/${encodeURIComponent(action.id)}`, note ? { note } : {}, { "if-match": `"${digest}"` });
}

function reject(action, reason) {
  return post(`/reject/${encodeURIComponent(action.id)}`, reason ? { reason } : {});
}

const OUTCOMES = {
  executed: "done, on GitHub",
  rejected: "rejected",
  shadowed: "not sent: the service runs in shadow mode",
  outcome_unknown: "sent, but no answer came. It may be posted or not; look at the target before you do more",
};

function outcomeText(action, { body }) {
  const trouble = body.error ? ` ${sentence(body.error.message)}` : "";
  return [words(`${actionTitle(action)}: ${OUTCOMES[body.status] || body.status}.${trouble}`), commentLink(body.url)];
}
