// @ts-check
// The legend: what colours, patterns and lines mean, how many areas and residents each class has; a click on a class
// highlights it.

import { patternTile } from "./canvas.js";
import { countClasses, sumClasses } from "./classes.js";
import { element } from "./controls.js";
import { cityLine, fillIn, formatNumber } from "./format.js";
import { foldable } from "./frame.js";
import { legendHistogram } from "./linked.js";
import { isSmall } from "./sheet.js";
import { GAP_STYLES } from "./styles.js";

/**
 * @param {any} atlas
 * @param {any} column
 * @returns {Array<{cell: number | string, label: string}>} the classes in order, then what occurs of gaps
 */
export function legendRows(atlas, column) {
  const write = (/** @type {number} */ value) => formatNumber(value, column.decimals, atlas.lang);
  const [lowest, highest] = column.range ?? [];
  const limits = [lowest, ...column.breaks, highest].map((limit) => (limit === undefined ? "" : write(limit)));
  /** What a class is called; where no value reaches its far end, that end stays open. */
  const range = (/** @type {number} */ cell) => {
    const [last, values] = [cell === column.breaks.length, { lower: limits[cell], upper: limits[cell + 1] }];
    if (values.lower === values.upper) return values.lower;
    if (!cell && !last && lowest >= column.breaks[0]) return fillIn(atlas.words.legend_below, values);
    if (cell && last && highest < column.breaks[cell - 1]) return fillIn(atlas.words.legend_from, values);
    return fillIn(last ? atlas.words.legend_last_range : atlas.words.legend_range, values);
  };
  const ranges = lowest === undefined ? [] : column.colors.map((/** @type {string} */ _, /** @type {number} */ cell) => ({ cell, label: range(cell) }));
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
 * @param {import("./marks.js").SmallMark} mark of selected areas that are too small for their hatch
 */
export function drawLegend(atlas, column, filter, highlight, box, mark) {
  const card = foldable(element("details", "qa-legend-classes"));
  const [classesOpen, signsOpen] = [".qa-legend-classes", ".qa-legend-signs"].map((part) => /** @type {HTMLDetailsElement | null} */ (box.querySelector(part))?.open);
  card.open = classesOpen ?? card.open;
  card.append(element("summary", "qa-legend-title", legendTitle(atlas, column)));
  const [counts, people] = [countClasses(column), sumClasses(column, atlas.areas.residents)];
  const write = (/** @type {number | undefined} */ n) => formatNumber(n ?? 0, 0, atlas.lang);
  const list = element("ul", "qa-legend-list");
  const heads = element("div", "qa-legend-heads");
  heads.append(element("span", "", `(${atlas.words.label_areas})`), element("span", "qa-residents", atlas.words.legend_residents));
  if (column.matrix) card.append(matrixGrid(atlas, column, filter, highlight, counts, people));
  for (const { cell, label } of legendRows(atlas, column)) {
    if (column.matrix && typeof cell === "number") continue;
    const gap = GAP_STYLES[cell];
    const button = /** @type {HTMLButtonElement} */ (element("button", "qa-legend-button"));
    button.type = "button";
    button.setAttribute("aria-pressed", String(filter === cell));
    button.addEventListener("click", () => highlight(filter === cell ? null : cell));
    if (gap) button.title = atlas.words[`why_${cell}`];
    button.append(...rowParts(swatch(gap ? gap.fillColor : column.colors[cell], gap?.pattern), label, `(${write(counts.get(cell))})`));
    button.append(element("span", "qa-residents", write(people.get(cell))));
    list.append(row(SECRET.includes(String(cell)) ? [button, element("span", "qa-legend-why", atlas.words[`why_${cell}`])] : [button]));
  }
  if (column.both) {
    const [n, residents] = [counts, people].map((sums) => column.both.reduce((/** @type {number} */ sum, /** @type {number} */ cell) => sum + (sums.get(cell) ?? 0), 0));
    const parts = rowParts(swatch("#ffffff", "", "qa-swatch-both"), atlas.words.legend_both, `(${write(n)})`);
    list.prepend(row([...parts, element("span", "qa-residents", write(residents))]));
  }
  card.append(...legendHistogram(atlas, column, legendRows(atlas, column).filter(({ cell }) => typeof cell === "number").map(({ label }) => label)), heads, list);
  if (column.city !== null) {
    card.append(element("p", "qa-legend-city", cityLine(atlas.words, column, atlas.lang)));
  }
  if (atlas.shown && atlas.candidates.length) {
    card.append(element("p", "qa-legend-note", fillIn(atlas.words.legend_candidate_date, { date: atlas.times[0].year })));
  }
  if (atlas.context?.inhabited) card.append(element("p", "qa-legend-note", `${atlas.groundWords.legend_inhabited}.`));
  if (column.hint) card.append(element("p", "qa-legend-note", column.hint));
  if (column.matrix) card.append(element("p", "qa-legend-note", `${atlas.words.legend_cells}.`));
  card.append(element("p", "qa-legend-note qa-legend-filter", atlas.words.legend_filter));
  if (!document.getElementById("qa-controls")) {
    // on other people's maps there is no page around the map that says it
    for (const note of atlas.notes) card.append(element("p", "qa-legend-note qa-legend-warning", note));
  }
  card.append(...signsFold(atlas, write, signsOpen ?? hasRoom(box), mark));
  const focused = [...box.querySelectorAll("button")].findIndex((button) => button === document.activeElement);
  box.replaceChildren(card);
  if (focused >= 0) box.querySelectorAll("button")[focused]?.focus();
}

const SECRET = ["protected", "source", "derived"]; // the others say in their label why there is no value
const LOW_MAP = 520; // pixels: the box of layers would cover a part of the city
const HIGH_MAP = 700; // pixels: a lower one has no room for the signs below the classes

/**
 * @param {HTMLElement} box
 * @returns {boolean} whether the signs have room from the start; on other people's maps nothing is known of the page
 */
function hasRoom(box) {
  const map = box.closest(".leaflet-container") ?? document.querySelector(".folium-map");
  return (map?.clientHeight ?? 0) > HIGH_MAP && !isSmall();
}

/**
 * What stands on the map is open where it has room, before the reader decides: the signs, and the box of layers.
 *
 * @param {HTMLElement} box the legend
 */
export function foldForRoom(box) {
  const map = box.closest(".leaflet-container");
  const [signs, layers] = [".qa-legend-signs", ".qa-layers"].map((part) => /** @type {HTMLDetailsElement | null} */ (map?.querySelector(part)));
  if (signs) signs.open = hasRoom(box);
  if (layers && map && map.clientHeight < LOW_MAP) layers.open = false;
}

/**
 * Hatches, outlines and points behind a heading that says how many there are.
 *
 * @param {any} atlas
 * @param {(n: number) => string} write
 * @param {boolean} open
 * @param {import("./marks.js").SmallMark} mark
 * @returns {HTMLElement[]} nothing where none of them occurs
 */
function signsFold(atlas, write, open, mark) {
  const rows = markRows(atlas, write).map(row);
  if (!rows.length) return [];
  const [fold, list] = [/** @type {HTMLDetailsElement} */ (element("details", "qa-legend-signs")), element("ul", "qa-legend-list")];
  fold.open = open;
  list.append(...rows);
  if (mark !== "ring") list.append(element("li", "qa-legend-note", atlas.words[`legend_small_${mark}`]));
  fold.append(element("summary", "", fillIn(atlas.words.legend_signs, { count: write(rows.length) })), list);
  return [fold];
}

/**
 * @param {any} atlas
 * @param {any} column
 * @returns {string} label and unit, and the date where there are several
 */
export function legendTitle(atlas, column) {
  const words = column.unit ? `${column.label} (${column.unit})` : column.label;
  return atlas.times.length > 1 ? `${words}, ${atlas.times[atlas.shown].year}` : words;
}

/**
 * Two axes as a table: rows for the classes of the first, columns for those of the second; areas and residents in the
 * cells, a thick border around those that meet both conditions.
 *
 * @param {any} atlas
 * @param {any} column
 * @param {number | string | null} filter
 * @param {(cell: number | string | null) => void} highlight
 * @param {Map<number | string, number>} counts
 * @param {Map<number | string, number>} people
 * @returns {HTMLElement}
 */
function matrixGrid(atlas, column, filter, highlight, counts, people) {
  /** @type {import("./columns.js").Axis[]} */
  const [first, second] = column.axes;
  const table = element("table", "qa-matrix");
  const caption = element("caption", "");
  caption.append(element("div", "", fillIn(atlas.words.label_rows, { label: first.head })));
  caption.append(element("div", "", fillIn(atlas.words.label_columns, { label: second.head })));
  const heads = element("tr", "");
  heads.append(element("td", ""), ...second.classes.map((label) => columnHead("col", label)));
  table.append(caption, heads);
  const button = (/** @type {number} */ cell) => {
    const [areas, residents] = [counts, people].map((sums) => formatNumber(sums.get(cell) ?? 0, 0, atlas.lang));
    const node = /** @type {HTMLButtonElement} */ (element("button", "qa-matrix-cell"));
    const meetsBoth = column.both?.includes(cell);
    if (meetsBoth) node.classList.add("qa-matrix-both");
    node.type = "button";
    const short = element("span", "", areas);
    short.setAttribute("aria-hidden", "true"); // who hears the page hears the sentence
    short.append(element("small", "", residents));
    node.style.backgroundColor = column.colors[cell];
    node.style.color = isDark(column.colors[cell]) ? "#ffffff" : "#000000";
    const words = fillIn(atlas.words.cell_counts, { label: column.classes[cell], areas, residents });
    node.title = meetsBoth ? `${words}; ${atlas.words.legend_both}` : words;
    node.append(short, element("span", "qa-unseen", node.title));
    node.setAttribute("aria-pressed", String(filter === cell));
    node.addEventListener("click", () => highlight(filter === cell ? null : cell));
    return node;
  };
  first.classes.forEach((label, line) => {
    const cells = second.classes.map((_, position) => {
      const box = element("td", "");
      box.append(button(line * second.classes.length + position));
      return box;
    });
    const parts = element("tr", "");
    parts.append(columnHead("row", label), ...cells);
    table.append(parts);
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
 * @returns {Array<{kind: string, n: number, label: string}>}
 */
export function legendMarks({ words, selected, isBorderline, near, candidates, programmes, facilities }) {
  const open = isBorderline.size;
  const other = programmes.other.filter(Boolean).length;
  const marks = [
    { kind: "sure", n: selected.length - open, label: words.legend_selected },
    { kind: "open", n: open, label: words.legend_open },
    { kind: "near", n: near?.length ?? 0, label: words.legend_near },
    { kind: "candidate", n: candidates.length, label: words.legend_candidate },
    { kind: "programme", n: programmes.labels.length - other, label: words.legend_programme },
    { kind: "other", n: other, label: words.legend_programme_other },
    { kind: "facility", n: facilities.length, label: words.legend_facility },
  ];
  return marks.filter(({ n }) => n);
}

/** @type {Record<string, string>} */
const MARK_PATTERNS = { sure: "hatch", open: "dashes" };

/**
 * @param {any} atlas
 * @param {(n: number) => string} write
 * @returns {HTMLElement[][]}
 */
function markRows(atlas, write) {
  return legendMarks(atlas).map(({ kind, n, label }) => rowParts(swatch("#ffffff", MARK_PATTERNS[kind], `qa-swatch-${kind}`), label, `(${write(n)})`));
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
