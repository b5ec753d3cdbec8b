// @ts-check
// Draws the record of a chart as SVG: laid out from the widths of its words, as charts/layout.py and charts/svg.py do.

import { INKS } from "./chart_model.js";

const WORD = 11.5; // pixels, of ordinary words; those of a record are 8 points
const ZOOM = WORD / 8;
const APART = 5;
const LINE_HIGH = WORD + APART;
const KEY_BOX = 10;
const TWO_LINES = 26; // pixels: lower cells have their first line alone
export const FAMILY = 'system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif'; // as in atlas.css

/** @type {CanvasRenderingContext2D | null} */
let ruler = null;

/**
 * @param {string} words
 * @param {number} [size]
 * @param {boolean} [bold]
 * @returns {number} their width in pixels
 */
function wordWidth(words, size = WORD, bold = false) {
  ruler ??= document.createElement("canvas").getContext("2d");
  if (!ruler) return words.length * size * 0.55;
  ruler.font = `${bold ? "bold " : ""}${size}px ${FAMILY}`;
  return ruler.measureText(words).width;
}

/**
 * @param {string} words
 * @param {number} width
 * @returns {string} shortened with an ellipsis where they do not fit
 */
function cutWords(words, width) {
  if (wordWidth(words) <= width) return words;
  let kept = words;
  while (kept && wordWidth(`${kept}…`) > width) kept = kept.slice(0, -1);
  return `${kept.trimEnd()}…`;
}

/**
 * @param {string} words name of a row
 * @param {number} width
 * @returns {string} shortened so that what stands in brackets at its end stays, where it takes no more than half the width
 */
function cutName(words, width) {
  const at = words.endsWith(")") ? words.lastIndexOf(" (") : -1;
  const end = at > 0 ? words.slice(at) : "";
  return wordWidth(words) > width && end && wordWidth(end) <= width / 2 ? cutWords(words.slice(0, at), width - wordWidth(end)) + end : cutWords(words, width);
}

/**
 * @param {string} tag
 * @param {Record<string, string | number | undefined>} attributes
 * @param {string} [words]
 * @returns {SVGElement}
 */
export function drawn(tag, attributes, words) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== "") node.setAttribute(name, typeof value === "number" ? String(Math.round(100 * value) / 100) : value);
  }
  if (words !== undefined) node.textContent = words;
  return node;
}

/**
 * @param {string | undefined} color the accent is that of the page
 * @returns {string}
 */
function ink(color) {
  return color === INKS.accent ? "var(--accent)" : color || "none";
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} words
 * @param {{color?: string, anchor?: string, size?: number, bold?: boolean, halo?: boolean}} [look]
 * @returns {SVGElement}
 */
function written(x, y, words, { color = INKS.quiet, anchor = "middle", size = WORD, bold = false, halo = false } = {}) {
  const rim = halo ? { "paint-order": "stroke", stroke: INKS.paper, "stroke-width": 3, "stroke-linejoin": "round" } : {};
  return drawn("text", { x, y, fill: ink(color), "text-anchor": anchor, "font-size": size, "font-weight": bold ? "bold" : "", ...rim }, words);
}

/**
 * The same chart with its rows as columns, without their names: for low and wide places.
 *
 * @param {import("./chart_model.js").ChartRecord} chart
 * @returns {[import("./chart_model.js").ChartRecord, Map<any, any>]} and which mark became which
 */
function turned(chart) {
  const swap = (/** @type {any} */ one) => {
    const { x, y, x0, x1, y0, y1, points, kind, ...rest } = one;
    if (kind === "vrule") return { kind: "hrule", y: x, ...rest };
    if (kind === "bar") return { kind, x0: y0, x1: y1, y0: x0, y1: x1, ...rest };
    if (kind === "line") return { kind, points: points.map((/** @type {any} */ point) => point && [point[1], point[0]]), ...rest };
    return { kind, x: y, y: x, ...rest };
  };
  const { bands, down, ...rows } = chart.y;
  const became = new Map(chart.marks.map((one) => [one, swap(one)]));
  return [{ ...chart, x: { ...rows, show: false }, y: { ...chart.x, grid: true }, marks: [...became.values()], right: [] }, became];
}

/**
 * @typedef {object} Places where things lie
 * @property {number} left
 * @property {number} top
 * @property {number} wide
 * @property {number} high
 * @property {boolean} aside whether words of upright lines stand at their left, as others stand at the right
 * @property {number} lift pixels by which rows lie lower, below their names
 * @property {(value: number) => number} px
 * @property {(value: number) => number} py
 */

/**
 * @param {import("./chart_model.js").ChartAxis} axis
 * @param {number} value
 * @returns {number} where it lies between the ends: 0 to 1
 */
function placeOn({ low, high, scale, down }, value) {
  const [from, to, at] = scale === "log" ? [low, high, value].map(Math.log10) : [low, high, value];
  const part = to > from ? (at - from) / (to - from) : 0.5;
  return down ? 1 - part : part;
}

/**
 * @param {import("./chart_model.js").ChartRecord} chart
 * @param {number} width
 * @param {number} height
 * @param {Array<{y: number}>} key
 * @param {boolean} above whether the names of rows stand above them
 * @returns {Places}
 */
function placesOf({ x, y, marks, right }, width, height, key, above) {
  const most = (/** @type {string[]} */ words) => Math.max(0, ...words.map((one) => wordWidth(one)));
  const ticks = x.show === false ? [] : (x.ticks ?? []);
  const beyond = (/** @type {[number, string] | undefined} */ tick, /** @type {boolean} */ first) =>
    tick ? wordWidth(tick[1]) / 2 - 0.75 * width * Math.max(first ? placeOn(x, tick[0]) : 1 - placeOn(x, tick[0]), 0) : 0;
  const names = y.bands ?? (y.ticks ?? []).map(([, words]) => words);
  const room = y.show === false || !names.length || above ? APART : Math.min(most(names) + APART + 2, 0.42 * width);
  const left = Math.max(room, beyond(ticks[0], true), above ? 0 : APART);
  const ends = marks.filter(({ kind, anchor, x: at }) => kind === "text" && anchor === "start" && placeOn(x, at) >= 1);
  const words = ends.map(({ dx = 0, text, size = 8, bold }) => dx * ZOOM + wordWidth(text, size * ZOOM, bold));
  const beside = Math.max(0, ...words, right.length && !above ? most(right) + APART : 0, beyond(ticks[ticks.length - 1], false)) + APART;
  let top = (key.length ? key[key.length - 1].y + APART : 0) + 2;
  if (y.show !== false && y.label) top += LINE_HIGH;
  top += marks.some(({ kind, text }) => kind === "vrule" && text) ? LINE_HIGH : APART;
  const below = x.show === false ? APART : (ticks.length || x.bands ? LINE_HIGH : APART) + (x.label ? LINE_HIGH : 0);
  const [wide, high] = [Math.max(width - left - beside, 20), Math.max(height - top - below, 20)];
  const lift = above ? 7 : 0;
  const aside = marks.some(({ kind, y: value, dy }) => kind === "text" && dy < 0 && placeOn(y, value) >= 1);
  return { left, top, wide, high, lift, aside, px: (value) => left + wide * placeOn(x, value), py: (value) => top + high * (1 - placeOn(y, value)) + lift };
}

/**
 * @param {Array<[string, string]>} entries
 * @param {number} width
 * @returns {Array<{x: number, y: number, color: string, words: string}>} one after the other, in as many rows as they need
 */
function keyPlaces(entries, width) {
  let [x, y] = [0, WORD];
  return entries.map(([color, words]) => {
    const shown = cutWords(words, width - KEY_BOX - APART);
    const wide = KEY_BOX + APART + wordWidth(shown);
    if (x && x + wide > width) [x, y] = [0, y + LINE_HIGH];
    const place = { x, y, color, words: shown };
    x += wide + 2 * APART;
    return place;
  });
}

/**
 * @param {string[]} bands names below a chart
 * @param {number} n
 * @param {Places} at
 * @param {number} width
 * @returns {[number, string]} one of them and its middle: it takes what narrower names beside it leave free; the outer ones move inwards
 */
function bandName(bands, n, at, width) {
  const [x, step] = [at.px(n), at.wide / bands.length];
  const free = (/** @type {string | undefined} */ words, /** @type {number} */ edge) => (words === undefined ? edge : step - (wordWidth(words) + APART) / 2);
  const [before, after] = [free(bands[n - 1], x), free(bands[n + 1], width - x)];
  const isOuter = n === 0 || n === bands.length - 1;
  const words = cutWords(bands[n], Math.max(step - 2, isOuter ? before + after : 2 * Math.min(before, after)));
  const half = wordWidth(words) / 2;
  return [Math.min(Math.max(x, half), width - half), words];
}

/**
 * @param {import("./chart_model.js").ChartRecord} chart
 * @param {number} width
 * @param {Places} at
 * @param {Array<{x: number, y: number, color: string, words: string}>} key
 * @param {boolean} above
 * @returns {SVGElement[]} grid, names and numbers at the sides, key
 */
function sides({ x, y, right, marks }, width, at, key, above) {
  const [bottom, end] = [at.top + at.high, at.left + at.wide];
  const grid = (/** @type {string} */ d) => drawn("path", { d, stroke: INKS.faint, "stroke-width": 0.7, fill: "none" });
  const parts = [];
  if (x.show !== false) {
    for (const [value, words] of x.ticks ?? []) {
      if (x.grid) parts.push(grid(`M${at.px(value)} ${at.top}V${bottom}`));
      parts.push(written(at.px(value), bottom + WORD + 2, words));
    }
    const { bands = [] } = x;
    for (const n of bands.keys()) {
      const [middle, words] = bandName(bands, n, at, width);
      parts.push(written(middle, bottom + WORD + 2, words, { color: INKS.ink }));
    }
    if (x.label) {
      const label = cutWords(x.label, width);
      parts.push(written(Math.max(end, wordWidth(label)), bottom + WORD + 2 + (x.ticks || x.bands ? LINE_HIGH : 0), label, { anchor: "end" }));
    }
  }
  if (y.show !== false) {
    for (const [value, words] of y.bands ? [] : (y.ticks ?? [])) {
      if (y.grid) parts.push(grid(`M${at.left} ${at.py(value)}H${end}`));
      parts.push(written(at.left - APART, at.py(value) + WORD / 3, words, { anchor: "end" }));
    }
    for (const [row, words] of (y.bands ?? []).entries()) {
      const [middle, value] = [at.py(row), right[row] ?? ""];
      if (above) parts.push(written(0, middle - at.lift - 5, cutName(words, width - wordWidth(value, WORD, true) - 8), { anchor: "start", halo: true }));
      else parts.push(written(at.left - APART, middle + WORD / 3, cutName(words, at.left - APART), { color: INKS.ink, anchor: "end" }));
    }
    const rules = marks.some(({ kind, text }) => kind === "vrule" && text) ? LINE_HIGH : APART;
    if (y.label) parts.push(written(0, at.top - rules - APART, cutWords(y.label, width), { anchor: "start" }));
  }
  for (const [row, words] of right.entries()) {
    const place = above ? at.py(row) - at.lift - 5 : at.py(row) + WORD / 3;
    parts.push(written(width, place, words, { color: INKS.ink, anchor: "end", bold: above }));
  }
  for (const { x: left, y: base, color, words } of key) {
    parts.push(drawn("rect", { x: left, y: base - KEY_BOX + 1, width: KEY_BOX, height: KEY_BOX, fill: color }), written(left + KEY_BOX + APART, base, words, { anchor: "start" }));
  }
  return parts;
}

/**
 * @param {any} one a mark
 * @param {Places} at
 * @returns {SVGElement[]}
 */
function markParts(one, at) {
  const { kind, fill, stroke, width = 1, dash = [], opacity } = one;
  const look = { fill: ink(fill), stroke: stroke && ink(stroke), "stroke-width": stroke && width, "stroke-dasharray": stroke && dash.join(" "), opacity };
  if (kind === "bar") {
    const [left, right] = [at.px(one.x0), at.px(one.x1)].sort((a, b) => a - b);
    const [top, bottom] = [at.py(one.y0), at.py(one.y1)].sort((a, b) => a - b);
    return [drawn("rect", { x: left, y: top, width: right - left, height: bottom - top, ...look })];
  }
  if (kind === "line") {
    const parts = linePaths(one.points, at, Boolean(fill));
    return parts ? [drawn("path", { d: parts, "stroke-linejoin": "round", ...look })] : [];
  }
  if (kind === "strip") {
    const half = one.half ?? 0.25;
    const places = new Set(one.xs.map((/** @type {number} */ x) => Math.round(2 * at.px(x)) / 2)); // thousands of areas share few pixels
    return [drawn("path", { d: [...places].map((x) => `M${x} ${at.py(one.y - half)}V${at.py(one.y + half)}`).join(""), ...look })];
  }
  if (kind === "dot") return [dotPart(one, at, look)];
  if (kind === "text") {
    const { dx = 0, dy = 0, size = 8, anchor, bold, halo = true, text } = one;
    return [written(at.px(one.x) + dx * ZOOM, at.py(one.y) + dy * ZOOM + (size * ZOOM) / 3, text, { color: fill || INKS.ink, anchor, bold, halo, size: size * ZOOM })];
  }
  return ruleParts(one, at, look);
}

/**
 * @param {any} one an upright or a level line across the chart, with its words at its end
 * @param {Places} at
 * @param {any} look
 * @returns {SVGElement[]}
 */
function ruleParts(one, at, look) {
  const [color, end, bottom] = [one.stroke || INKS.ink, at.left + at.wide, at.top + at.high];
  const line = { ...look, fill: "none", stroke: ink(color), "stroke-width": one.width ?? 1 };
  if (one.kind === "hrule") return [drawn("path", { d: `M${at.left} ${at.py(one.y)}H${end}`, ...line })];
  const x = at.px(one.x);
  const wide = wordWidth(one.text ?? "");
  const left = at.aside && x > wide ? x - wide : Math.max(0, Math.min(x - wide / 2, end - wide + APART));
  const words = one.text ? [written(left, at.top - 4, one.text, { color, anchor: "start" })] : [];
  return [drawn("path", { d: `M${x} ${at.top}V${bottom}`, ...line }), ...words];
}

/**
 * @param {any} one a level line
 * @param {Places} at
 * @param {Array<{x: number, y: number}>} spots
 * @returns {SVGElement} its words, at the end and on the side where they cover fewest dots
 */
function levelWords({ text, stroke, y: value }, at, spots) {
  const [wide, y] = [wordWidth(text), at.py(value)];
  const places = [-3, WORD + 1].flatMap((down) => [at.left + at.wide - wide, at.left + 2].map((x) => ({ x, base: y + down })));
  const covered = places.map(({ x, base }) => spots.filter((spot) => spot.x > x - 5 && spot.x < x + wide + 5 && spot.y > base - WORD - 3 && spot.y < base + 4).length);
  const { x, base } = places[covered.indexOf(Math.min(...covered))];
  return written(x, base, text, { color: stroke, anchor: "start", halo: true });
}

/**
 * @param {Array<[number, number] | null>} points
 * @param {Places} at
 * @param {boolean} closed
 * @returns {string} with a new start after each gap
 */
function linePaths(points, at, closed) {
  /** @type {string[][]} */
  const runs = [[]];
  for (const point of points) {
    if (point) runs[runs.length - 1].push(`${Math.round(100 * at.px(point[0])) / 100} ${Math.round(100 * at.py(point[1])) / 100}`);
    else runs.push([]);
  }
  return runs.filter((run) => run.length > 1).map((run) => `M${run.join("L")}${closed ? "Z" : ""}`).join("");
}

/**
 * @param {any} one
 * @param {Places} at
 * @param {any} look
 * @returns {SVGElement}
 */
function dotPart(one, at, look) {
  const [x, y, r] = [at.px(one.x), at.py(one.y), (one.r ?? 3.5) * 1.15];
  if (!one.shape) return drawn("circle", { cx: x, cy: y, r, ...look });
  const corners = one.shape === "diamond" ? [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]] : [[-1, -0.8], [1, -0.8], [0, 1]];
  return drawn("path", { d: `M${corners.map(([dx, dy]) => `${x + r * dx} ${y + r * dy}`).join("L")}Z`, ...look });
}

/**
 * What was drawn: the marks with what they stand for, and where areas lie.
 *
 * @typedef {object} Drawing
 * @property {SVGElement} svg
 * @property {Array<{nodes: SVGElement[], areas: number[], cell: boolean}>} linked marks of areas; a cell or bar of several
 * @property {Array<{x: number, y: number, area: number}>} spots
 */

/**
 * @param {import("./chart_model.js").Picture} picture
 * @param {(key: string) => number} areaOf
 * @param {number} width in pixels
 * @param {number} height
 * @param {{above?: boolean, turn?: boolean}} [options] names above their rows; rows as columns
 * @returns {Drawing}
 */
export function drawChart({ chart: given, members }, areaOf, width, height, { above = false, turn = false } = {}) {
  const [chart, became] = turn ? turned(given) : [given, null];
  const key = keyPlaces(chart.key, width);
  const at = placesOf(chart, width, height, key, above);
  const svg = drawn("svg", { width, height, viewBox: `0 0 ${width} ${height}`, class: "qa-chart-svg" });
  svg.append(...sides(chart, width, at, key, above));
  /** @type {Drawing} */
  const drawing = { svg, linked: [], spots: [] };
  const isLow = chart.x.bands && chart.y.bands && at.high / chart.y.bands.length < TWO_LINES;
  for (const original of given.marks) {
    const one = became?.get(original) ?? original;
    if (isLow && one.kind === "text" && one.dy > 0) {
      svg.lastElementChild?.previousElementSibling?.append(drawn("title", {}, one.text)); // of the cell, before its count
      continue;
    }
    const nodes = markParts(isLow && one.kind === "text" ? { ...one, dy: 0 } : one, at);
    svg.append(...nodes);
    const group = members.get(original);
    const areas = group ?? (one.area ? [areaOf(one.area)] : []);
    if (!areas.length) continue;
    drawing.linked.push({ nodes, areas, cell: Boolean(group) });
    if (one.kind === "dot") drawing.spots.push({ x: at.px(one.x), y: at.py(one.y), area: areas[0] });
    if (one.kind === "line") for (const point of one.points) if (point) drawing.spots.push({ x: at.px(point[0]), y: at.py(point[1]), area: areas[0] });
  }
  svg.append(...svg.querySelectorAll("text")); // above all marks
  for (const one of chart.marks) if (one.kind === "hrule" && one.text) svg.append(levelWords(one, at, drawing.spots));
  return drawing;
}
