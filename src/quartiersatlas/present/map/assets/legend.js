// @ts-check
// The legend: what colours, patterns and lines mean, how many areas and residents each class has; a click on a class
// highlights it.

import { patternTile } from "./canvas.js";
import { countClasses, sumClasses } from "./classes.js";
import { element } from "./controls.js";
import { fillIn, formatNumber, formatValue } from "./format.js";
import { foldable } from "./frame.js";
import { GAP_STYLES } from "./styles.js";

/**
 * @param {any} atlas
 * @param {any} column
 * @returns {Array<{cell: number | string, label: string}>} the classes in order, then what occurs of gaps
 */
export function legendRows(atlas, column) {
  const write = (/** @type {number} */ value) => formatNumber(value, column.decimals, atlas.lang);
  const known = column.values.filter((/** @type {number | null} */ v) => v !== null);
  const [lowest, highest] = [Math.min, Math.max].map((choose) => known.reduce((/** @type {number} */ a, /** @type {number} */ b) => choose(a, b), known[0]));
  const limits = [lowest, ...column.breaks, highest].map((limit) => (limit === undefined ? "" : write(limit)));
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
 * @param {any} atlas
 * @param {any} column
 * @param {number | string | null} filter the class that is highlighted
 * @param {(cell: number | string | null) => void} highlight
 * @param {HTMLElement} box
 */
export function drawLegend(atlas, column, filter, highlight, box) {
  const card = foldable(element("details", ""));
  card.open = box.querySelector("details")?.open ?? card.open;
  card.append(element("summary", "qa-legend-title", column.unit ? `${column.label} (${column.unit})` : column.label));
  const [counts, people] = [countClasses(column), sumClasses(column, atlas.areas.residents)];
  const write = (/** @type {number | undefined} */ n) => formatNumber(n ?? 0, 0, atlas.lang);
  const list = element("ul", "qa-legend-list");
  if (column.matrix) card.append(matrixGrid(atlas, column, filter, highlight, counts));
  for (const { cell, label } of legendRows(atlas, column)) {
    if (column.matrix && typeof cell === "number") continue;
    const gap = GAP_STYLES[cell];
    const button = /** @type {HTMLButtonElement} */ (element("button", "qa-legend-button"));
    button.type = "button";
    button.setAttribute("aria-pressed", String(filter === cell));
    button.addEventListener("click", () => highlight(filter === cell ? null : cell));
    button.append(...rowParts(swatch(gap ? gap.fillColor : column.colors[cell], gap?.pattern), label, `(${write(counts.get(cell))})`));
    button.append(element("span", "qa-residents", write(people.get(cell))));
    list.append(row([button]));
  }
  list.append(...markRows(atlas, write).map(row));
  card.append(list);
  if (column.city !== null) {
    card.append(element("p", "qa-legend-city", fillIn(atlas.words.legend_city, { value: formatValue(column.city, column, atlas.lang) })));
  }
  if (column.hint) card.append(element("p", "qa-legend-note", column.hint));
  card.append(element("p", "qa-legend-note", `${atlas.words.legend_areas}; ${atlas.words.legend_residents}. ${atlas.words.legend_filter}`));
  if (!document.getElementById("qa-controls")) {
    // on other people's maps there is no page around the map that says it
    for (const note of atlas.notes) card.append(element("p", "qa-legend-note qa-legend-warning", note));
  }
  const focused = [...box.querySelectorAll("button")].findIndex((button) => button === document.activeElement);
  box.replaceChildren(card);
  if (focused >= 0) box.querySelectorAll("button")[focused]?.focus();
}

/**
 * Two axes as a table: rows for the classes of the first, columns for those of the second, areas in the cells.
 *
 * @param {any} atlas
 * @param {any} column
 * @param {number | string | null} filter
 * @param {(cell: number | string | null) => void} highlight
 * @param {Map<number | string, number>} counts
 * @returns {HTMLElement}
 */
function matrixGrid(atlas, column, filter, highlight, counts) {
  const [first, second] = column.matrix.map((/** @type {number} */ index) => atlas.columns[index]);
  const table = element("table", "qa-matrix");
  const heads = element("tr", "");
  heads.append(element("td", "qa-muted", column.axes.join(" / ")));
  for (const label of second.classes) heads.append(columnHead("col", label));
  table.append(heads);
  first.classes.forEach((/** @type {string} */ label, /** @type {number} */ row) => {
    const line = element("tr", "");
    line.append(columnHead("row", label));
    second.classes.forEach((/** @type {string} */ _, /** @type {number} */ position) => {
      const cell = row * second.classes.length + position;
      const button = /** @type {HTMLButtonElement} */ (element("button", "qa-matrix-cell", formatNumber(counts.get(cell) ?? 0, 0, atlas.lang)));
      button.type = "button";
      button.style.backgroundColor = column.colors[cell];
      button.style.color = isDark(column.colors[cell]) ? "#ffffff" : "#1a1a1a";
      button.setAttribute("aria-label", `${column.classes[cell]}: ${button.textContent}`);
      button.setAttribute("aria-pressed", String(filter === cell));
      button.addEventListener("click", () => highlight(filter === cell ? null : cell));
      const box = element("td", "");
      box.append(button);
      line.append(box);
    });
    table.append(line);
  });
  return table;
}

/**
 * @param {string} scope
 * @param {string} label
 * @returns {HTMLElement}
 */
function columnHead(scope, label) {
  const head = /** @type {HTMLTableCellElement} */ (element("th", "", label));
  head.scope = scope;
  return head;
}

/**
 * @param {string} color "#rrggbb"
 * @returns {boolean} whether white reads better on it than black: relative luminance below 0.18, as WCAG 2 weighs it
 */
function isDark(color) {
  const parts = [1, 3, 5].map((i) => (parseInt(color.slice(i, i + 2), 16) / 255) ** 2.2);
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2] < 0.18;
}

/**
 * Hatch, outlines and points, where they occur.
 *
 * @param {any} atlas
 * @param {(n: number) => string} write
 * @returns {HTMLElement[][]}
 */
function markRows(atlas, write) {
  const marks = [
    { n: atlas.selected.length, sign: () => swatch("#ffffff", "hatch", "qa-swatch-selected"), label: atlas.words.legend_selected },
    { n: atlas.candidates.length, sign: () => swatch("#ffffff", "", "qa-swatch-candidate"), label: atlas.words.legend_candidate },
    { n: atlas.programmes.labels.length, sign: () => swatch("#ffffff", "", "qa-swatch-programme"), label: atlas.words.legend_programme },
    { n: atlas.facilities.length, sign: () => swatch("#ffffff", "", "qa-swatch-facility"), label: atlas.words.legend_facility },
  ];
  return marks.filter(({ n }) => n).map(({ n, sign, label }) => rowParts(sign(), label, `(${write(n)})`));
}

/**
 * @param {HTMLElement} sign
 * @param {string} label
 * @param {string} count
 * @returns {HTMLElement[]}
 */
function rowParts(sign, label, count) {
  return [sign, element("span", "qa-legend-label", label), element("span", "qa-count", count)];
}

/**
 * @param {HTMLElement[]} parts
 * @returns {HTMLElement}
 */
function row(parts) {
  const item = element("li", "qa-legend-row");
  item.append(...parts);
  return item;
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
