// @ts-check
// One view of the city: its areas in one column of one date, the marks above them, its legend and its choices.

import { areasPath, outlinesPath } from "./areas.js";
import { cellClass, countClasses, useScheme } from "./classes.js";
import { showYear } from "./columns.js";
import { drawSchemeChoice, drawYearChoice, element, indicatorChoice, tooltip } from "./controls.js";
import { drawLegend } from "./legend.js";
import { smallMarks, writtenValues } from "./marks.js";
import { areaStyle, CHOSEN_CASING, CHOSEN_LINE, MARK_LINES, PARENT_LINE, POINTED_CASING, POINTED_LINE } from "./styles.js";
import { keepTipClear } from "./tips.js";
import { outlineArcs } from "./topology.js";

/**
 * @typedef {object} View
 * @property {any} atlas what the view shows: its own columns, at its own date
 * @property {any} layer a Leaflet layer group: areas and marks
 * @property {any} renderer
 * @property {any} legend a Leaflet control
 * @property {HTMLElement[]} choices indicator, date and classes
 * @property {(index: number) => void} show a column
 * @property {() => any} column the column that is shown
 * @property {(area: number | null) => void} ring mark the chosen area
 * @property {(area: number) => any} style how an area looks now
 * @property {() => Map<number | string, number>} counts areas per class
 * @property {(year: number) => void} showDate
 * @property {(name: string) => void} showScheme
 * @property {(area: number | null) => void} point outline the area that a chart points at
 * @property {(areas: Set<number> | null) => void} single let the other areas step back
 * @property {() => boolean} isSingled
 * @property {(area: number) => boolean} isBack
 */

/**
 * @param {any} atlas
 * @param {import("./ground.js").Ground} ground
 * @param {any} renderer
 * @param {{choose: (area: number) => void, changed: (column: any) => void, drawn?: (charts: boolean) => void, point?: (area: number | null) => void}} on
 *   what happens at a click, when another column or date is shown, when anything is drawn anew, and below the pointer
 * @returns {View}
 */
export function createView(atlas, ground, renderer, on) {
  let column = atlas.columns[0];
  /** @type {number | string | null} */
  let filter = null;
  /** @type {Set<number> | null} */
  let only = null;
  const line = (/** @type {any} */ arcs, /** @type {any} */ style) => L.polyline(arcs, { renderer, ...style });
  const areas = areasPath(ground, renderer, (area) => style(area));
  const pointAt = (/** @type {number | null} */ area) => {
    if (area === areas.pointed) return;
    areas.point(area);
    on.point?.(area);
    areas.getTooltip().update();
  };
  areas.on("mouseover mousemove", (/** @type {any} */ { layerPoint }) => pointAt(areas.at(layerPoint))).on("mouseout", () => pointAt(null));
  areas.on("click", (/** @type {any} */ { layerPoint }) => on.choose(areas.at(layerPoint)));
  areas.bindTooltip(() => (areas.pointed === null ? "" : tooltip(atlas, column, areas.pointed)), { sticky: true, opacity: 1, className: "qa-tip" });
  keepTipClear(areas);
  // one path for all areas of a mark: it keeps its place below the further layers when another date is shown
  const marks = MARK_LINES.map((style) => outlinesPath(ground, renderer, style));
  const small = smallMarks(atlas, ground, renderer, marks, () => {
    restyle();
    if (marked !== small.mark()) redrawLegend();
    on.drawn?.(false);
  });
  const numbers = writtenValues(atlas, ground);
  /** @type {any} */
  const layer = L.layerGroup([areas, parentLines(atlas, ground, line), ...marks, small.layer, numbers.layer]);

  const legend = /** @type {any} */ (L).control({ position: "bottomleft" });
  legend.onAdd = () => {
    const box = element("section", "qa-legend");
    L.DomEvent.disableClickPropagation(box).disableScrollPropagation(box);
    drawLegend(atlas, column, filter, highlight, box, small.mark());
    return box;
  };
  const isBack = (/** @type {number} */ area) => (only ? !only.has(area) : filter !== null && filter !== cellClass(column, area));
  /** @type {Map<string, ReturnType<typeof areaStyle>>} */
  const looks = new Map();
  /** @type {Array<ReturnType<typeof areaStyle>>} */
  let styles = [];
  const lookOf = (/** @type {number} */ area) => {
    const [cell, mark, back] = [cellClass(column, area), small.isPlain(area) ? small.mark() : markOf(atlas, area), isBack(area)];
    const key = [cell, mark, back].join();
    const found = looks.get(key) ?? areaStyle(column, cell, mark, back);
    looks.set(key, found);
    return found;
  };
  const style = (/** @type {number} */ area) => (styles[area] ??= lookOf(area));
  let marked = small.mark(); // as the legend says
  const restyle = () => {
    styles = [];
    looks.clear();
    areas.redraw();
  };
  const redrawLegend = () => {
    marked = small.mark();
    if (legend.getContainer()) drawLegend(atlas, column, filter, highlight, legend.getContainer(), marked);
  };
  const redraw = () => {
    restyle();
    redrawLegend();
    on.drawn?.(true);
  };
  const highlight = (/** @type {number | string | null} */ cell) => {
    [filter, only] = [cell, null];
    redraw();
  };
  const redrawMarks = () => {
    markedAreas(atlas).forEach((those, i) => marks[i].show(those));
    small.fit();
  };

  const [years, schemes] = [element("div", "qa-years"), element("div", "qa-schemes")];
  const chooseScheme = (/** @type {string} */ name) => {
    useScheme(column, name);
    highlight(null);
  };
  const chooseYear = (/** @type {number} */ year) => {
    showYear(atlas, year);
    redrawMarks();
    show(atlas.columns.indexOf(column));
  };
  const drawChoices = () => {
    drawYearChoice(atlas, column, chooseYear, years);
    drawSchemeChoice(atlas, column, chooseScheme, schemes);
  };
  const show = (/** @type {number} */ index) => {
    column = atlas.columns[index];
    if (!column.years[atlas.shown]) return chooseYear(column.years.findIndex(Boolean));
    drawChoices();
    highlight(null);
    numbers.write(column);
    on.changed(column);
  };

  /** @type {any[]} */
  let [ring, pointed] = [null, null];
  const outlined = (/** @type {number} */ area, /** @type {any[]} */ styles) => {
    const outline = ground.polygon(area).flat().map(closed);
    return L.layerGroup(styles.map((style) => line(outline, style))).addTo(layer._map);
  };
  redrawMarks();
  numbers.write(column);
  drawChoices();
  return {
    atlas,
    layer,
    renderer,
    legend,
    choices: [indicatorChoice(atlas, show), years, schemes],
    show,
    column: () => column,
    style,
    counts: () => countClasses(column),
    showDate: chooseYear,
    showScheme(name) {
      chooseScheme(name);
      drawChoices();
    },
    ring(area) {
      ring?.remove();
      ring = area === null || !layer._map ? null : outlined(area, [CHOSEN_CASING, CHOSEN_LINE]);
    },
    point(area) {
      pointed?.remove();
      pointed = area === null || !layer._map ? null : outlined(area, [POINTED_CASING, POINTED_LINE]);
    },
    single(areas) {
      [only, filter] = [areas, null];
      redraw();
    },
    isSingled: () => only !== null,
    isBack,
  };
}

/**
 * How an area of the shortlist is marked: those that nearly every run selects more strongly than the others.
 *
 * @param {any} atlas
 * @param {number} area
 * @returns {import("./canvas.js").PatternName | undefined}
 */
function markOf(atlas, area) {
  if (!atlas.isSelected.has(area)) return undefined;
  return atlas.isBorderline.has(area) ? "dashes" : "hatch";
}

/**
 * @param {any} atlas
 * @returns {number[][]} the areas of each of the lines in `MARK_LINES`: light below broken lines, nearly selected ones,
 *   selected ones at the border, sure ones
 */
export function markedAreas(atlas) {
  const open = atlas.selected.filter((/** @type {number} */ area) => atlas.isBorderline.has(area));
  const near = atlas.near ?? [];
  return [[...near, ...open], near, open, atlas.selected.filter((/** @type {number} */ area) => !atlas.isBorderline.has(area))];
}

/**
 * @param {any} atlas
 * @param {import("./ground.js").Ground} ground
 * @param {(arcs: any, style: any) => any} line
 * @returns {any} the outlines of the districts
 */
function parentLines(atlas, ground, line) {
  const parent = (/** @type {number} */ area) => atlas.areas.parents[0]?.[area];
  return line(ground.lines(atlas.areas.parents.length ? outlineArcs(ground.owners, parent) : []), PARENT_LINE);
}

/**
 * @param {any[]} ring
 * @returns {any[]}
 */
export function closed(ring) {
  return [...ring, ring[0]];
}
