// @ts-check
// Choice of indicator and of classes, tooltip. Text goes into the page as text, never as markup.

import { fillIn, formatCity, formatNumber, formatValue } from "./format.js";

/**
 * @param {string} tag
 * @param {string} className
 * @param {string} [text]
 * @returns {HTMLElement}
 */
export function element(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

/**
 * The choice of indicator: one group of options per domain.
 *
 * @param {any} atlas
 * @param {(index: number) => void} choose
 * @returns {HTMLElement}
 */
export function indicatorChoice(atlas, choose) {
  const label = element("label", "qa-choice", `${atlas.words.label_indicator} `);
  const select = /** @type {HTMLSelectElement} */ (element("select", "qa-select"));
  for (const domain of new Set(atlas.columns.map((/** @type {any} */ c) => c.domain))) {
    const group = document.createElement("optgroup");
    group.label = String(domain);
    atlas.columns.forEach((/** @type {any} */ column, /** @type {number} */ index) => {
      if (column.domain === domain) group.append(new Option(column.label, String(index)));
    });
    select.append(group);
  }
  select.addEventListener("change", () => choose(Number(select.value)));
  label.append(select);
  return label;
}

/**
 * The choice of date: those at which the column is known; empty where there is only one date.
 *
 * @param {any} atlas
 * @param {any} column
 * @param {(year: number) => void} choose
 * @param {HTMLElement} box
 */
export function drawYearChoice(atlas, column, choose, box) {
  const hadFocus = box.contains(document.activeElement);
  box.replaceChildren();
  if (atlas.times.length < 2) return;
  const label = element("label", "qa-choice", `${atlas.words.label_as_of} `);
  const select = /** @type {HTMLSelectElement} */ (element("select", "qa-year"));
  atlas.times.forEach((/** @type {any} */ { year }, /** @type {number} */ number) => {
    if (column.years[number]) select.append(new Option(year, String(number)));
  });
  select.value = String(atlas.shown);
  select.addEventListener("change", () => choose(Number(select.value)));
  label.append(select);
  box.append(label);
  if (hadFocus) select.focus();
}

/**
 * The choice of classes for a column of numbers; empty where there is none.
 *
 * @param {any} atlas
 * @param {any} column
 * @param {(scheme: string) => void} choose
 * @param {HTMLElement} box
 */
export function drawSchemeChoice(atlas, column, choose, box) {
  const names = Object.keys(column.schemes);
  const hadFocus = box.contains(document.activeElement);
  box.replaceChildren();
  if (names.length < 2) return;
  const label = element("label", "qa-choice", `${atlas.words.label_classes} `);
  const select = /** @type {HTMLSelectElement} */ (element("select", "qa-scheme"));
  for (const name of names) select.append(new Option(atlas.words[`scheme_${name}`], name));
  select.value = column.scheme;
  select.addEventListener("change", () => choose(select.value));
  label.append(select);
  box.append(label);
  if (hadFocus) select.focus();
}

/**
 * @param {any} atlas
 * @param {any} column
 * @param {number} area
 * @returns {string} what the area shows in this column
 */
export function cellText(atlas, column, area) {
  const value = column.values[area];
  if (value === null) return atlas.words[`gap_${column.gaps[area] ?? "missing"}`];
  const text = column.classes ? column.classes[value] : formatValue(value, column, atlas.lang);
  return column.gaps[area] ? `(${text})` : text; // the source does not think it reliable enough
}

/**
 * @param {any} atlas
 * @param {number} area whose residents are not shown
 * @returns {string} why: nobody knows them, or they are protected
 */
export function residentsGap({ columns }, area) {
  return columns.some((/** @type {any} */ column) => column.gaps[area] === "unknown_residents") ? "unknown_residents" : "protected";
}

/**
 * @param {any} atlas
 * @param {any} column
 * @param {number} area
 * @returns {HTMLElement[]} why the area shows no value, as a sentence; nothing where it shows one
 */
export function whyParts(atlas, column, area) {
  return column.values[area] === null ? [element("div", "qa-muted qa-why", atlas.words[`why_${column.gaps[area] ?? "missing"}`])] : [];
}

/**
 * @param {any} atlas
 * @param {any} column
 * @param {number} area
 * @returns {string} the counts behind a rate; empty where there is no rate or it is not shown
 */
export function countsText(atlas, column, area) {
  if (!column.numerator || column.values[area] === null) return "";
  const [numerator, denominator] = [column.numerator[area], column.denominator[area]].map((n) => formatNumber(n, 0, atlas.lang));
  return fillIn(atlas.words.tooltip_counts, { numerator, denominator });
}

/**
 * @param {any} atlas
 * @param {any} column
 * @param {number} area
 * @returns {HTMLElement}
 */
export function tooltip(atlas, column, area) {
  const box = element("div", "qa-tooltip");
  box.append(element("strong", "", atlas.areas.names[area]));
  box.append(element("div", "qa-muted", [atlas.areas.keys[area], ...atlas.areas.parents.map((/** @type {string[]} */ p) => p[area])].join(" · ")));
  const shown = column.matrix?.map((/** @type {number} */ index) => atlas.columns[index]) ?? [column];
  for (const one of shown) box.append(...valueLines(atlas, one, area));
  if (column.both?.includes(column.values[area])) box.append(element("div", "qa-tooltip-reasons", atlas.words.legend_both));
  const reasons = atlas.reasons[area];
  if (reasons) {
    box.append(element("div", "qa-tooltip-reasons", atlas.words.tooltip_selected));
    const list = element("ul", "");
    for (const reason of reasons) list.append(element("li", "", reason));
    box.append(list);
  }
  return box;
}

/**
 * @param {any} atlas
 * @param {any} column
 * @param {number} area
 * @returns {HTMLElement[]} the value with its counts, and that of the city
 */
function valueLines(atlas, column, area) {
  const lines = [element("div", "", `${column.label}: ${cellText(atlas, column, area)}`), ...whyParts(atlas, column, area)];
  const counts = countsText(atlas, column, area);
  if (counts) lines.push(element("div", "qa-muted", counts));
  if (column.city !== null) {
    lines.push(element("div", "qa-muted", fillIn(atlas.words.legend_city, { value: formatCity(column, atlas.lang) })));
  }
  return lines;
}

/**
 * @param {any} atlas
 * @returns {any} the modules for measures, which are part of a page only where a release has some
 */
export function apart(atlas) {
  return atlas.measures && /** @type {any} */ (globalThis).QuartiersMeasures;
}
