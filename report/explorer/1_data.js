// The data of the page, what is chosen, and small helpers. Texts of the data become text nodes and attributes, never markup.
const content = JSON.parse(document.getElementById("data").textContent);
const state = {};
const ORIGINAL = "original";
const byId = (id) => document.getElementById(id);
const named = (items, name) => items.find((item) => item.name === name);

const dataset = () => named(content.datasets, state.dataset);
const pair = () => content.pairs[`${state.dataset}/${state.encoder}`];
const augmentation = () => content.augmentations.find((item) => item.augmentation === state.augmentation);
const metric = (name) => named(content.metrics, name) ?? { name, label: name, closer: true };
const metrics = () => Object.keys(pair().values[state.augmentation] ?? {}).sort(
  (a, b) => content.metrics.findIndex((m) => m.name === a) - content.metrics.findIndex((m) => m.name === b));
const placeOf = (id) => dataset().images.findIndex((image) => image.image_id === id);
const valuesOf = (name) => pair().values[state.augmentation]?.[name] ?? [];
const ranksOf = (name) => pair().ranks[state.augmentation]?.[name] ?? [];

const isOutlier = (place) => Boolean(pair().outliers[state.augmentation]?.[place]);

// Return the places of all shown images, the largest shift first; undefined values come last.
function inOrder() {
  const ranks = ranksOf(state.metric);
  return dataset().images.map((_, place) => place).sort((a, b) => (ranks[a] ?? Infinity) - (ranks[b] ?? Infinity) || a - b);
}

function shortNumber(value) {
  if (value === null || value === undefined) return "not defined";
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(3) : String(Number(value.toPrecision(4)));
  return text.replace("-", "−");
}

// Return an element; a child is an element or a text.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "on") for (const [name, handler] of Object.entries(value)) element.addEventListener(name, handler);
    else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

// Return a cell that shows a number in four digits and holds all of them.
function numberCell(value, tag = "td") {
  return make(tag, { class: "number", "data-value": value ?? "", title: value ?? "not defined" }, shortNumber(value));
}

function fillTable(id, header, rows) {
  const head = make("tr", {}, ...header.map((text) => make("th", { scope: "col" }, text)));
  byId(id).replaceChildren(make("thead", {}, head), make("tbody", {}, ...rows));
}

// Fill a list of choices, [value, label] each, and return the value that is chosen: `wanted` if it is one of them.
function fillSelect(id, choices, wanted) {
  const chosen = choices.some(([value]) => value === wanted) ? wanted : choices[0]?.[0];
  byId(id).replaceChildren(...choices.map(([value, label]) => make("option", { value, selected: value === chosen }, label)));
  byId(id).value = chosen ?? "";
  return chosen;
}

function bytesOf(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
