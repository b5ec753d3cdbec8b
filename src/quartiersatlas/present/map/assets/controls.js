// @ts-check
// Legend, choice of indicator, tooltip. Text goes into the page as text, never as markup.

import { patternTile } from "./canvas.js";
import { countClasses } from "./classes.js";
import { fillIn, formatNumber, formatValue } from "./format.js";
import { GAP_STYLES } from "./styles.js";

const NARROW = 760; // pixels: on a phone the legend is folded to its title

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
 * @param {any} atlas
 * @param {any} column
 * @returns {Array<{cell: number | string, label: string}>} the classes in order, then what occurs of gaps
 */
export function legendRows(atlas, column) {
  const write = (/** @type {number} */ value) => formatNumber(value, column.decimals, atlas.lang);
  const known = column.values.filter((/** @type {number | null} */ v) => v !== null);
  const limits = [Math.min(...known), ...column.breaks, Math.max(...known)].map(write);
  const ranges = known.length
    ? column.colors.map((/** @type {string} */ _, /** @type {number} */ cell) => {
        const words = cell < column.breaks.length ? atlas.words.legend_range : atlas.words.legend_last_range;
        return { cell, label: fillIn(words, { lower: limits[cell], upper: limits[cell + 1] }) };
      })
    : [];
  const named = column.classes?.map((/** @type {string} */ label, /** @type {number} */ cell) => ({ cell, label }));
  const counts = countClasses(column);
  const gaps = Object.keys(GAP_STYLES).filter((gap) => counts.has(gap));
  return [...(named ?? ranges), ...gaps.map((gap) => ({ cell: gap, label: atlas.words[`gap_${gap}`] }))];
}

/**
 * @param {string} fill
 * @param {string} [pattern]
 * @param {string} [extra] further class
 * @returns {HTMLElement}
 */
function swatch(fill, pattern, extra = "") {
  const node = element("span", `qa-swatch ${extra}`);
  node.style.backgroundColor = fill;
  if (pattern) node.style.backgroundImage = `url(${patternTile(/** @type {any} */ (pattern)).toDataURL()})`;
  return node;
}

/**
 * @param {any} atlas
 * @param {any} column
 * @param {HTMLElement} box
 */
export function drawLegend(atlas, column, box) {
  const card = /** @type {HTMLDetailsElement} */ (element("details", ""));
  card.open = box.querySelector("details")?.open ?? window.innerWidth > NARROW;
  card.append(element("summary", "qa-legend-title", column.unit ? `${column.label} (${column.unit})` : column.label));
  box.replaceChildren(card);
  const counts = countClasses(column);
  const list = element("ul", "qa-legend-list");
  const row = (/** @type {HTMLElement} */ sign, /** @type {string} */ label, /** @type {number} */ count) => {
    const item = element("li", "qa-legend-row");
    item.append(sign, element("span", "qa-legend-label", label));
    if (count >= 0) item.append(element("span", "qa-count", `(${formatNumber(count, 0, atlas.lang)})`));
    list.append(item);
  };
  for (const { cell, label } of legendRows(atlas, column)) {
    const gap = GAP_STYLES[cell];
    row(swatch(gap ? gap.fillColor : column.colors[cell], gap?.pattern), label, counts.get(cell) ?? 0);
  }
  if (atlas.selected.length) {
    row(swatch("#ffffff", "hatch", "qa-swatch-selected"), atlas.words.legend_selected, atlas.selected.length);
  }
  if (atlas.candidates.length) row(swatch("#ffffff", "", "qa-swatch-candidate"), atlas.words.legend_candidate, atlas.candidates.length);
  if (atlas.programmes.labels.length) row(swatch("#ffffff", "", "qa-swatch-programme"), atlas.words.legend_programme, atlas.programmes.labels.length);
  if (atlas.facilities.length) row(swatch("#ffffff", "", "qa-swatch-facility"), atlas.words.legend_facility, atlas.facilities.length);
  card.append(list);
  if (column.city !== null) {
    card.append(element("p", "qa-legend-city", fillIn(atlas.words.legend_city, { value: formatValue(column.city, column, atlas.lang) })));
  }
  if (column.hint) card.append(element("p", "qa-legend-note", column.hint));
  card.append(element("p", "qa-legend-note", atlas.words.legend_areas));
  if (!document.getElementById("qa-controls")) {
    // on other people's maps there is no page around the map that says it
    for (const note of atlas.notes) card.append(element("p", "qa-legend-note qa-legend-warning", note));
  }
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
  return column.classes ? column.classes[value] : formatValue(value, column, atlas.lang);
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
  box.append(element("div", "", `${column.label}: ${cellText(atlas, column, area)}`));
  if (column.numerator && column.values[area] !== null) {
    const numbers = {
      numerator: formatNumber(column.numerator[area], 0, atlas.lang),
      denominator: formatNumber(column.denominator[area], 0, atlas.lang),
    };
    box.append(element("div", "qa-muted", fillIn(atlas.words.tooltip_counts, numbers)));
  }
  if (column.city !== null) {
    box.append(element("div", "qa-muted", fillIn(atlas.words.legend_city, { value: formatValue(column.city, column, atlas.lang) })));
  }
  const reasons = atlas.reasons[area];
  if (reasons) {
    box.append(element("div", "qa-tooltip-reasons", atlas.words.tooltip_selected));
    const list = element("ul", "");
    for (const reason of reasons) list.append(element("li", "", reason));
    box.append(list);
  }
  return box;
}
