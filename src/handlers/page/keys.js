// The keyboard, where nothing is being typed and no question is open.

function isTyping(node) {
  return node instanceof HTMLElement && (node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName)) && node.type !== "checkbox";
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || !me.entered) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "?") {
    event.preventDefault();
    showKeys();
    return;
  }
  if (place().view !== "waiting" || !desk) return;
  const act = {
    j: () => step(1),
    k: () => step(-1),
    a: () => desk.open && desk.open.approve && desk.open.approve(),
    r: () => desk.open && desk.open.reject && desk.open.reject(),
    x: () => {
      const item = desk.items.get(desk.id);
      if (item) item.node.querySelector("input").click();
    },
    "/": () => byId("search").focus(),
  }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function step(by) {
  const order = visibleActions();
  const at = order.findIndex((action) => action.id === desk.id);
  const next = at < 0 ? order[0] : order[at + by];
  if (next) location.hash = `#/waiting/${encodeURIComponent(next.id)}`;
}

document.addEventListener("keydown", onKey);
