// The difference of two texts, line by line.

const MOST_LINES = 1500;

// `[kind, line]` with kind "same", "gone" or "new": the longest common subsequence stays.
function lineDifference(before, after) {
  const a = before.split("\n").slice(0, MOST_LINES);
  const b = after.split("\n").slice(0, MOST_LINES);
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i][j] = a[i] === b[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  const lines = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) lines.push(["same", a[i++], j++]);
    else if (j >= b.length || (i < a.length && lengths[i + 1][j] >= lengths[i][j + 1])) lines.push(["gone", a[i++]]);
    else lines.push(["new", b[j++]]);
  }
  return lines.map(([kind, line]) => [kind, line]);
}

function differenceView(before, after) {
  const lines = lineDifference(before, after);
  const changed = lines.filter(([kind]) => kind !== "same").length;
  const tags = { same: "span", gone: "del", new: "ins" };
  const signs = { same: "  ", gone: "- ", new: "+ " };
  return [
    el("p", { class: "quietly" }, changed ? "Lines with − are in this one alone, lines with + in the other." : "Both say the same."),
    el("pre", { class: "raw difference", tabindex: "0" }, lines.map(([kind, line]) => el(tags[kind], {}, signs[kind], words(line), "\n"))),
  ];
}

// The text that two actions of one kind are compared by.
function comparableText(action) {
  const { body, add = [], remove = [] } = action.payload;
  // Our marker is another one in each comment.
  return body === undefined ? [...remove.map((label) => `- ${label}`), ...add.map((label) => `+ ${label}`)].join("\n") : body.replace(/<!-- dfg-orchestrator action=[\w-]+ -->\s*$/, "");
}

// Other drafts for the same target that wait too.
async function siblings(action) {
  const page = await get(`/pending?limit=100&taskType=${action.taskType}&target=${action.targetType}:${action.targetId}`);
  return page.actions.filter((other) => other.id !== action.id && other.actionType === action.actionType);
}

async function showSiblings(place, action) {
  const others = await siblings(action);
  replace(place, others.map((other) => el(
    "details",
    { class: "box" },
    el("summary", {}, `Another ${actionTitle(other)} waits, drafted `, when(other.createdAt), other.createdAt > action.createdAt ? ": newer than this one" : "", ". See the difference"),
    differenceView(comparableText(action), comparableText(other)),
    el("p", {}, el("a", { href: `#/waiting/${encodeURIComponent(other.id)}` }, "Open the other one")),
  )));
}
