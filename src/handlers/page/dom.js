// Nodes are made here and nowhere else. Text becomes text nodes; nothing on this page reads text as HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// An element. An attribute that is a function listens to the event of its name.
function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function replace(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter(Boolean));
  return node;
}

function byId(id) {
  return document.getElementById(id);
}

// Characters that a reader cannot see and that change what is read: controls, bidi overrides, tags, blanks without width.
// A flag that is spelled with tags is a picture, and stays one.
const UNSEEN = /(?<flag>\u{1f3f4}[\u{e0030}-\u{e007a}]{2,7}\u{e007f})|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

// A stranger's words: isolated from the direction of what is around them, unseen characters shown by number.
function words(text, attributes = {}) {
  const parts = [];
  let at = 0;
  for (const match of String(text).matchAll(UNSEEN)) {
    if (match.groups.flag) continue;
    parts.push(String(text).slice(at, match.index));
    const code = match[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    parts.push(el("span", { class: "unseen", title: "a character that cannot be seen" }, `U+${code}`));
    at = match.index + match[0].length;
  }
  parts.push(String(text).slice(at));
  return el("bdi", attributes, parts);
}

function heading(level, text) {
  return el(`h${level}`, { tabindex: "-1" }, text);
}

// Label and value pairs; pairs without a value are left out.
function facts(pairs, kind = "") {
  return el(
    "dl",
    { class: `facts ${kind}` },
    pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined)
      .map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
  );
}

function chip(text, kind = "") {
  return el("span", { class: `chip ${kind}` }, text);
}

function button(text, attributes, ...more) {
  return el("button", { type: "button", ...attributes }, text, ...more);
}
