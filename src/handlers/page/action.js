// One waiting action: what would be done, why it waits, and the two decisions.

function actionTitle(action) {
  return `${taskName(action.taskType)} for ${targetName(action.targetType, action.targetId)}`;
}

// `decided(text)` is called once the action has been decided, `again()` to look at everything again.
function actionView(action, { decided, again }) {
  const result = el("div", { class: "result" });
  const approveButton = button("Approve", { class: "main", click: () => decide(() => approve(action, action.digest)) });
  const rejectButton = button("Reject…", { click: refuse });

  async function decide(send) {
    approveButton.disabled = rejectButton.disabled = true;
    replace(result, el("p", { role: "status" }, "Sending…"));
    try {
      decided(outcomeText(action, await send()));
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      replace(result, refusedBox(trouble));
      result.querySelector("button").focus();
    } finally {
      approveButton.disabled = rejectButton.disabled = false;
    }
  }

  async function refuse() {
    const answer = await askReason(`Reject the ${actionTitle(action)}?`);
    if (answer) await decide(() => reject(action, answer.reason));
  }

  function refusedBox(trouble) {
    const more = [button("Look again", { class: "main", click: again })];
    const fresh = trouble.code === "conflict" && trouble.body.digest;
    if (fresh) {
      more.push(
        button("Approve as stale…", {
          click: async () => {
            if (await confirmStale(action, trouble)) await decide(() => approve(action, fresh));
          },
        }),
      );
    }
    return troubleBox(trouble, checksList(trouble.body.checks || []), el("p", { class: "buttons" }, more));
  }

  return el(
    "article",
    { class: "action", "aria-labelledby": "looked-at" },
    el("h2", { id: "looked-at", tabindex: "-1" }, actionTitle(action)),
    el("p", { class: "chips" }, stateChip(action.state), chip(ACTIONS[action.actionType] || action.actionType), chip(String(action.classification).replaceAll("_", " "))),
    action.lastError ? el("p", { class: "box bad" }, el("strong", {}, "Last attempt: "), words(action.lastError)) : null,
    section("Why it waits", checksList(action.checks || []) || el("p", {}, words(sentence(action.policyReason)))),
    section("What would be done", el("p", {}, `Approving ${action.onApprove}.`), payloadView(action)),
    section("Why, in the model's words", facts([["Reason", words(action.reason)], ["Evidence", words(action.evidence)]])),
    section(
      "About it",
      facts([
        ["Cost", money(action.cost)],
        ["Asked for by", words(action.principal)],
        ["Drafted", when(action.createdAt)],
        ["Expires", when(action.expiresAt)],
        ["Digest", shortHash(action.digest)],
        ["Run", el("a", { href: `#/audit/${encodeURIComponent(action.runId)}` }, "its audit trail")],
      ]),
    ),
    el("div", { class: "decision" }, result, el("p", { class: "buttons" }, approveButton, rejectButton)),
  );
}

function section(title, ...content) {
  return el("section", {}, el("h3", {}, title), content);
}

function confirmStale(action, trouble) {
  return ask({
    title: "Approve what was drafted for an earlier state?",
    content: [
      el("p", {}, words(sentence(trouble.message))),
      el("p", {}, "The comment is posted as you see it, and says for which commit it was written. The audit records that it was stale."),
    ],
    confirm: "Approve as stale",
  });
}

// The digest binds the approval to what is on the screen: it is always sent.
function approve(action, digest) {
  return post(`/approve/${encodeURIComponent(action.id)}`, {}, { "if-match": `"${digest}"` });
}

function reject(action, reason) {
  return post(`/reject/${encodeURIComponent(action.id)}`, reason ? { reason } : {});
}

function outcomeText(action, { body }) {
  const said = body.error ? ` ${sentence(body.error.message)}` : "";
  const told = {
    executed: "done, on GitHub",
    rejected: "rejected",
    shadowed: "not sent: the service runs in shadow mode",
    outcome_unknown: "sent, but no answer came. It may be posted or not; look at the target before you do more",
  };
  return `${actionTitle(action)}: ${told[body.status] || body.status}.${said}`;
}

function checksList(checks) {
  if (!checks.length) return null;
  return el(
    "ul",
    { class: "checks" },
    checks.map((check) =>
      el(
        "li",
        {},
        chip(check.severity === "refuse" ? "refused" : "asks you", check.severity === "refuse" ? "bad" : "wait"),
        " ",
        words(sentence(check.why)),
        el("small", {}, " ", words(check.field), " · ", words(check.rule)),
        check.excerpt ? el("q", {}, words(check.excerpt)) : null,
      ),
    ),
  );
}

function payloadView(action) {
  return action.actionType === "change_labels" ? labelsView(action.payload) : commentView(String(action.payload.body ?? ""));
}

function commentView(body) {
  const { nodes, strange } = renderMarkdown(body);
  const shown = el("div", { class: "comment" }, nodes);
  const raw = el("pre", { class: "raw", tabindex: "0", hidden: true }, words(body));
  const choose = (wantsRaw) => {
    shown.hidden = wantsRaw;
    raw.hidden = !wantsRaw;
    asShown.setAttribute("aria-pressed", String(!wantsRaw));
    asRaw.setAttribute("aria-pressed", String(wantsRaw));
  };
  const asShown = button("As GitHub shows it", { "aria-pressed": "true", click: () => choose(false) });
  const asRaw = button("Raw text", { "aria-pressed": "false", click: () => choose(true) });
  return [
    el("p", { class: "switch" }, asShown, asRaw),
    strange ? el("p", { class: "box wait" }, "Something in this comment may act on GitHub (a link, a mention, an image or HTML). It is shown here as it is written; read the raw text.") : null,
    shown,
    raw,
  ];
}

// Before and after, label by label; what belongs to one group stands in one line.
function labelsView({ add = [], remove = [] }) {
  const group = (label) => (label.includes(":") ? label.slice(0, label.indexOf(":")) : label);
  const groups = [...new Set([...remove, ...add].map(group))];
  const of = (labels, name, kind) => labels.filter((label) => group(label) === name).map((label) => el("span", { class: `label ${kind}` }, words(label)));
  return el(
    "table",
    { class: "labels" },
    el("thead", {}, el("tr", {}, el("th", {}, "Before"), el("th", {}, "After"))),
    el("tbody", {}, groups.map((name) => {
      const before = of(remove, name, "gone");
      const after = of(add, name, "new");
      return el("tr", {}, el("td", {}, before.length ? before : "–"), el("td", {}, after.length ? after : "–"));
    })),
  );
}
