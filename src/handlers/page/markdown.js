// A comment as GitHub would show it, built as nodes. It knows the notation that our own writer makes
// (src/core/text/markdown.py) and no other: headings, paragraphs, bold, code, fences, lists, quotes, escapes.
// What else might act on GitHub is shown as it is written, and `strange` is set.

const DEEPEST = 20;
const ESCAPABLE = /[!-/:-@[-`{-~]/;
const ACTS = /<[a-z!?/]|!\[|\]\(|\]\[|\bhttps?:\/\/|\bwww\.|(^|[^\w`])@[a-z\d]|(^|\s)#\d|&#?\w+;|[*_~]/i;

function renderMarkdown(source) {
  const seen = { strange: false };
  const nodes = blocks(source.replace(/\r\n?/g, "\n").split("\n"), seen, 0);
  return { nodes, strange: seen.strange };
}

function blocks(lines, seen, depth) {
  if (depth > DEEPEST) {
    seen.strange = true;
    return [el("p", {}, words(lines.join("\n")))];
  }
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    let match;
    if (!line.trim() || /^<!-- dfg-orchestrator action=[\w-]+ -->$/.test(line)) {
      at += 1; // GitHub shows no comment; the raw text does
    } else if ((match = /^(`{3,}|~{3,})[ \t]*[^`]*$/.exec(line))) {
      const end = closing(lines, at + 1, match[1]);
      nodes.push(el("pre", {}, el("code", {}, words(lines.slice(at + 1, end).join("\n")))));
      at = end + 1;
    } else if ((match = /^(#{1,6}) +(.*)$/.exec(line))) {
      // The comment's headings stand below those of the page.
      nodes.push(el("p", { class: `heading level${match[1].length}`, role: "heading", "aria-level": match[1].length + 2 }, inline(match[2], seen)));
      at += 1;
    } else if (line.startsWith(">")) {
      const inner = [];
      for (; at < lines.length && lines[at].startsWith(">"); at += 1) inner.push(lines[at].replace(/^> ?/, ""));
      nodes.push(el("blockquote", {}, blocks(inner, seen, depth + 1)));
    } else if (itemMark(line)) {
      const { node, next } = list(lines, at, seen, depth);
      nodes.push(node);
      at = next;
    } else {
      const text = [];
      for (; at < lines.length && lines[at].trim() && (text.length === 0 || !startsBlock(lines[at])); at += 1) text.push(lines[at]);
      nodes.push(el("p", {}, text.map((part, index) => [index ? el("br") : null, inline(part, seen)])));
    }
  }
  return nodes;
}

function closing(lines, from, fence) {
  for (let at = from; at < lines.length; at += 1) {
    const match = /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(lines[at]);
    if (match && match[1][0] === fence[0] && match[1].length >= fence.length) return at;
  }
  return lines.length;
}

function itemMark(line) {
  return /^(?:- |(\d{1,9})[.)] )/.exec(line);
}

function startsBlock(line) {
  return line.startsWith(">") || /^#{1,6} |^`{3}|^~{3}/.test(line) || Boolean(itemMark(line));
}

// Items of one list: each is its first line after the mark and what is indented as far below it.
function list(lines, from, seen, depth) {
  const first = itemMark(lines[from]);
  const ordered = first[1] !== undefined;
  const node = el(ordered ? "ol" : "ul", ordered && first[1] !== "1" ? { start: first[1] } : {});
  let at = from;
  while (at < lines.length) {
    const mark = itemMark(lines[at]);
    if (!mark || (mark[1] !== undefined) !== ordered) break;
    const width = mark[0].length;
    const inner = [lines[at].slice(width)];
    at += 1;
    while (at < lines.length && (!lines[at].trim() || lines[at].startsWith(" ".repeat(width)))) {
      inner.push(lines[at].slice(width));
      at += 1;
    }
    const content = blocks(inner, seen, depth + 1);
    const alone = content.length === 1 && content[0].tagName === "P" && !content[0].className;
    node.append(el("li", {}, alone ? [...content[0].childNodes] : content));
  }
  return { node, next: at };
}

// One line: escapes, code spans, bold; the rest is text.
function inline(text, seen) {
  const nodes = [];
  let plain = "";
  let literal = "";
  const flush = () => {
    if (ACTS.test(literal)) seen.strange = true;
    if (plain) nodes.push(words(plain));
    plain = literal = "";
  };
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const ticks = /^`+/.exec(rest);
    const end = ticks ? spanEnd(text, at + ticks[0].length, ticks[0].length) : -1;
    const bold = !ticks && /^\*\*(?=\S)((?:\\.|[^\\*`])+)\*\*/.exec(rest);
    if (rest[0] === "\\" && at + 1 < text.length && ESCAPABLE.test(rest[1])) {
      plain += rest[1];
      literal += " ";
      at += 2;
    } else if (ticks && end >= 0) {
      flush();
      nodes.push(el("code", {}, words(unpadded(text.slice(at + ticks[0].length, end)))));
      at = end + ticks[0].length;
    } else if (bold) {
      flush();
      nodes.push(el("strong", {}, inline(bold[1], seen)));
      at += bold[0].length;
    } else {
      const taken = ticks ? ticks[0] : rest[0];
      plain += taken;
      literal += taken;
      at += taken.length;
    }
  }
  flush();
  return nodes;
}

function spanEnd(text, from, length) {
  for (const match of text.slice(from).matchAll(/`+/g)) if (match[0].length === length) return from + match.index;
  return -1;
}

function unpadded(code) {
  return code.length > 2 && code.startsWith(" ") && code.endsWith(" ") && code.trim() ? code.slice(1, -1) : code;
}
