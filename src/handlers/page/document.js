// A comment as GitHub shows it, built from the document that its bytes were written from (src/core/text/document.py):
// nothing is read out of the bytes.

const NODES = {
  // The comment's headings stand below those of the page.
  heading: ({ level, line }) => el("p", { class: `heading level${level}`, role: "heading", "aria-level": level + 2 }, nodes(line)),
  paragraph: ({ lines }) => el("p", {}, lines.map((line, index) => [index ? el("br") : null, nodes(line)])),
  codeblock: ({ text }) => el("div", { class: "code" }, el("pre", { tabindex: "0" }, el("code", {}, words(text))), copyButton(text)),
  items: ({ items, ordered }) => el(ordered ? "ol" : "ul", {}, items.map((item) => el("li", {}, nodes(item)))),
  checks: ({ steps }) => el("ul", { class: "steps" }, steps.map((step, index) => el("li", {}, checkBox(index + 1), nodes(step)))),
  folded: ({ summary, blocks }) => el("details", {}, el("summary", {}, words(summary)), nodes(blocks)),
  text: ({ value }) => words(value),
  own: ({ value }) => value,
  strong: ({ value }) => el("strong", {}, value),
  emphasis: ({ value }) => el("em", {}, value),
  code: ({ value }) => el("code", {}, words(value)),
  link: ({ label, url }) => outside(url, nodes([label])),
};

function nodes(tree) {
  return tree.map((one) => NODES[one.type](one));
}

function checkBox(number) {
  return el("input", { type: "checkbox", "aria-label": `Step ${number} is done` });
}

function copyButton(text) {
  const copy = button("Copy", { class: "quiet", "aria-label": "Copy this code" });
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = "Copied";
  });
  return copy;
}
