// The little that the page needs to make and keep elements. Rows are kept by key and changed in place, so that they
// never jump and never lose the keyboard's focus.

const SVG = "http://www.w3.org/2000/svg";

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

// Make the children of `parent` stand for `items`: made by `make(item)`, brought up to date by `update(node, item)`.
export function keep(parent, items, key, make, update) {
  const known = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let node = known.get(name);
    if (!node) {
      node = make(item);
      node.dataset.key = name;
    }
    known.delete(name);
    update(node, item);
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of known.values()) node.remove();
}

const SHAPES = {
  WAITING: ["M8 4.5V8l2.3 1.6", true],
  RUNNING: ["M6.3 5.2v5.6L11 8z", true, true],
  PROPOSED: ["M5.5 8h5M8.3 5.6 10.7 8l-2.4 2.4", true],
  GATING: ["M8 3.8 11.6 5.2v3c0 2-1.5 3.5-3.6 4.2-2.1-.7-3.6-2.2-3.6-4.2v-3z", true],
  CONFLICTED: ["M8 1.7 14.6 13.5H1.4zM8 6.3v3.2M8 11.5v.1", false],
  LANDED: ["M5 8.2l2.1 2.1L11.1 6.2", true],
  FAILED: ["M5.8 5.8l4.4 4.4M10.2 5.8 5.8 10.2", true],
  CANCELLED: ["M5.3 8h5.4", true],
  paused: ["M6.4 5.6v4.8M9.6 5.6v4.8", true],
  question: ["M6.3 6.5c0-2.3 3.5-2.3 3.5 0 0 1.3-1.8 1.4-1.8 2.7M8 11.3v.1", true],
  simulated: ["M2.5 5.5h11v5.5h-11zM5.5 8h.1M10.4 8h.1M8 3v2.5M5.5 13.2h5", false],
};

const OF_RUNS = {
  "run-launching": "WAITING", "run-refused": "FAILED", "run-running": "RUNNING", "run-waiting": "question", "run-paused": "paused",
  "run-finished": "LANDED", "run-failed": "FAILED", "run-cancelled": "CANCELLED",
};

// Icons say nothing to a screen reader: a word always stands beside them.
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const [path, ring, filled] = SHAPES[OF_RUNS[name] ?? name] ?? SHAPES.WAITING;
  if (ring) {
    const circle = document.createElementNS(SVG, "circle");
    for (const [attribute, value] of [["cx", 8], ["cy", 8], ["r", 6.6]]) circle.setAttribute(attribute, value);
    svg.append(circle);
  }
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  if (filled) shape.setAttribute("class", "filled");
  svg.append(shape);
  return svg;
}
