"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const byId = id => document.getElementById(id);
const axis = 22, margin = 8;

const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
const positions = (start, length) =>
  length === 0 ? "–" : length === 1 ? `${start}` : `${start}–${start + length - 1}`;

function element(name, attributes, parent) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  return parent.appendChild(node);
}

const figure = byId("figure");
let zoom = 1;

// An empty picture with patterns and the axis of positions.
function ruledFigure(width, height, scale, length) {
  const x = position => margin + position * scale;
  figure.replaceChildren();
  const svg = element("svg", { width: width + 2 * margin, height }, figure);
  const patterns = element("defs", {}, svg);
  const stripes = element("pattern",
    { id: "stripes", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, patterns);
  element("rect", { width: 3, height: 6, fill: "var(--parameter)" }, stripes);
  const gaps = element("pattern",
    { id: "gaps", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(-45)" }, patterns);
  element("rect", { width: 1, height: 5, fill: "var(--line)" }, gaps);

  const step = [1, 2, 5].flatMap(digit => [...Array(9).keys()].map(power => digit * 10 ** power))
    .sort((a, b) => a - b).find(step => step * scale >= 60) || 1e9;
  for (let position = 0; position <= length; position += step) {
    element("line", { x1: x(position), x2: x(position), y1: axis - 4, y2: height - margin }, svg);
    const isUnderLabel = hasLimit(length) && x(position) > x(data.context) - 140 && x(position) < x(data.context) + 4;
    if (x(position) < width - 50 && !isUnderLabel) {
      element("text", { class: "tick", x: x(position) + 2, y: axis - 8 }, svg).textContent = position.toLocaleString("en");
    }
  }
  return svg;
}

// The line where the model's context ends, over what is drawn.
const hasLimit = length => data.context > 0 && data.context <= length;
function drawLimit(svg, scale, length) {
  if (!hasLimit(length)) return;
  const x = margin + data.context * scale;
  element("line", { class: "limit", x1: x, x2: x, y1: 2, y2: svg.getAttribute("height") }, svg);
  element("text", { class: "limit-label", x: x - 4, y: axis - 8, "text-anchor": "end" }, svg)
    .textContent = `context: ${data.context.toLocaleString("en")}`;
}

// Draws larger or smaller around the middle of what is seen.
function zoomTo(next) {
  const middle = (figure.scrollLeft + figure.clientWidth / 2) / figure.scrollWidth;
  zoom = Math.max(1, next);
  draw();
  figure.scrollLeft = middle * figure.scrollWidth - figure.clientWidth / 2;
}

function describe(title, lines, quote) {
  const details = byId("details");
  details.replaceChildren();
  details.appendChild(document.createElement("strong")).textContent = title;
  for (const line of lines) details.appendChild(document.createElement("p")).textContent = line;
  if (quote) details.appendChild(document.createElement("blockquote")).textContent = quote;
}

function cell(parent, text, name = "td") { parent.appendChild(document.createElement(name)).textContent = text; }

// What is drawn, by the item that it stands for.
const shapes = new Map();
// What is pointed at, to be marked again after drawing; and what is held.
let shown = null, held = null;

function clear() {
  shown = null;
  figure.classList.remove("choosing");
  figure.querySelectorAll(".seen, .here").forEach(node => node.classList.remove("seen", "here"));
  document.querySelectorAll("tr.here").forEach(node => node.classList.remove("here"));
}

// What is no longer pointed at makes way for what is held.
function letGo() {
  if (held) held(); else clear();
}

// A click, or Enter, holds what is shown; the same once more lets go.
let heldName = "";
function holdable(node, show, name) {
  const act = event => {
    event.preventDefault();
    const lets = held !== null && heldName === name;
    [held, heldName] = lets ? [null, ""] : [show, name];
    if (held) held();
  };
  node.addEventListener("click", act);
  node.addEventListener("keydown", event => { if (event.key === "Enter" || event.key === " ") act(event); });
}
addEventListener("keydown", event => { if (event.key === "Escape") { held = null; clear(); } });

function mark(items, seen) {
  clear();
  figure.classList.add("choosing");
  for (const item of seen) shapes.get(item)?.classList.add("seen");
  for (const item of items) shapes.get(item)?.classList.add("here");
}

const rows = [];
// A row of the table: `values` sort it, `show` says what it is about.
function addRow(values, show, name) {
  const line = byId("rows").appendChild(document.createElement("tr"));
  line.tabIndex = 0;
  line.addEventListener("pointerenter", show);
  line.addEventListener("focus", show);
  line.addEventListener("pointerleave", letGo);
  line.addEventListener("blur", letGo);
  holdable(line, show, name);
  rows.push({ line, values, order: rows.length });
  return line;
}
function sortBy(column) {
  const head = byId("head").children[column];
  const before = head.getAttribute("aria-sort");
  for (const other of byId("head").children) other.removeAttribute("aria-sort");
  // Up, down, and back to the order of the layout.
  const next = before === null ? "ascending" : before === "ascending" ? "descending" : null;
  if (next) head.setAttribute("aria-sort", next);
  const compare = (a, b) => typeof a === "string" ? a.localeCompare(b) : a - b;
  rows.sort((a, b) => (next ? compare(a.values[column], b.values[column]) * (next === "ascending" ? 1 : -1) : 0) || a.order - b.order);
  byId("rows").replaceChildren(...rows.map(row => row.line));
}
function filter() {
  const part = byId("filter").value.toLowerCase();
  for (const row of rows) row.line.hidden = !row.values[0].toLowerCase().includes(part);
  const number = rows.filter(row => !row.line.hidden).length;
  byId("shown-rows").textContent = part ? `${number.toLocaleString("en")} of ${count(rows.length, "row")}` : "";
}
byId("filter").addEventListener("input", filter);
function setHead(titles) {
  titles.forEach((title, column) => {
    const head = byId("head").appendChild(document.createElement("th"));
    const button = head.appendChild(document.createElement("button"));
    button.textContent = title;
    button.addEventListener("click", () => sortBy(column));
  });
}

// Each page draws in a function of its own.
byId("in").addEventListener("click", () => zoomTo(zoom * 2));
byId("out").addEventListener("click", () => zoomTo(zoom / 2));
byId("fit").addEventListener("click", () => zoomTo(1));
addEventListener("resize", () => draw());
