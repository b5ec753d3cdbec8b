// @ts-check
// What a chart is made of, as in charts/marks.py and charts/record.py: axes with finished ticks, marks in data units,
// a sentence, a table. The page builds the same record as the Python side, key by key.

import { fillIn, formatNumber } from "./format.js";

/**
 * @typedef {object} ChartAxis
 * @property {number} low
 * @property {number} high
 * @property {string} [label]
 * @property {Array<[number, string]>} [ticks]
 * @property {string[]} [bands] names of rows or columns at 0, 1, 2, ...
 * @property {boolean} [grid]
 * @property {boolean} [show]
 * @property {boolean} [down]
 * @property {string} [scale]
 */

/** @typedef {any} ChartMark kind, places, fill, stroke, width, dash, opacity, area */

/**
 * @typedef {object} ChartRecord
 * @property {string} id
 * @property {string} title
 * @property {string} alt the same as a sentence
 * @property {string} note
 * @property {ChartAxis} x
 * @property {ChartAxis} y
 * @property {ChartMark[]} marks in the order in which they are drawn
 * @property {string[]} head
 * @property {string[][]} rows the same as a table
 * @property {string[]} right words at the right end of each row
 * @property {Array<[string, string]>} key colours and their words
 * @property {string[]} order keys of areas in the order of the keyboard
 * @property {number} height by width
 */

/**
 * A chart, and what the page alone needs: what it says of an area, and which areas a bar or cell stands for.
 *
 * @typedef {object} Picture
 * @property {ChartRecord} chart
 * @property {(area: number) => string} says
 * @property {Map<ChartMark, number[]>} members
 */

export const INKS = { ink: "#1a1a1a", quiet: "#5a5a5a", faint: "#d4d4d4", accent: "#b3005e", paper: "#ffffff" };

/** @type {Record<string, any>} what is left out of a record, as it says nothing */
const UNSAID = { fill: "", stroke: "", width: 1, opacity: 1, area: "", r: 3.5, shape: "circle", half: 0.25, dx: 0, dy: 0, anchor: "middle", bold: false, size: 8, halo: true, text: "", label: "", grid: false, show: true, down: false };

/**
 * @param {Record<string, any>} fields
 * @returns {any} without those that have their default
 */
export function said(fields) {
  const isSaid = (/** @type {[string, any]} */ [name, value]) => value !== undefined && value !== UNSAID[name] && !(Array.isArray(value) && !value.length && name !== "points" && name !== "xs");
  return Object.fromEntries(Object.entries(fields).filter(isSaid));
}

/**
 * @param {string} kind
 * @param {Record<string, any>} fields
 * @returns {ChartMark}
 */
export function mark(kind, fields) {
  return { kind, ...said(fields) };
}

/**
 * Round numbers from low to high, at most so many steps of 1, 2, 5 or 10 times a power of ten apart.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} [most]
 * @returns {number[]}
 */
export function roundTicks(low, high, most = 5) {
  if (!Number.isFinite(low) || !Number.isFinite(high) || high <= low) return Number.isFinite(low) ? [low] : [];
  const raw = (high - low) / most;
  if (!(raw > 1e-300 && raw < 1e300)) return [low];
  const power = Number(`1e${Math.floor(Math.log10(raw))}`);
  const step = [1, 2, 5, 10].map((s) => s * power).find((s) => s >= raw - 1e-12) ?? 10 * power;
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, k) => Number(((first + k) * step).toFixed(Math.min(digits, 100))) + 0);
}

/**
 * @param {number[]} values
 * @returns {number} how many decimals they need, six at most
 */
function decimalsOf(values) {
  return Math.max(0, ...values.map((value) => value.toFixed(6).replace(/0+$/, "").split(".")[1].length));
}

/**
 * @param {number} low
 * @param {number} high
 * @param {string} label
 * @param {string} lang
 * @param {{most?: number, grid?: boolean}} [more]
 * @returns {ChartAxis} with round ticks
 */
export function roundAxis(low, high, label, lang, { most = 5, grid } = {}) {
  const found = roundTicks(low, high, most);
  const decimals = decimalsOf(found);
  return said({ low, high, label, ticks: found.map((value) => [value, formatNumber(value, decimals, lang)]), grid });
}

/**
 * @param {number} high
 * @param {string} label
 * @param {string} lang
 * @returns {ChartAxis} upright, of numbers of things
 */
export function countAxis(high, label, lang) {
  const found = roundTicks(0, high, 4).filter(Number.isInteger);
  return said({ low: 0, high, label, ticks: found.map((value) => [value, formatNumber(value, 0, lang)]), grid: true });
}

/**
 * @param {string[]} bands
 * @param {string} [label]
 * @returns {ChartAxis} rows of names, from above
 */
export function rowAxis(bands, label) {
  return said({ low: -0.6, high: Math.max(bands.length, 1) - 0.4, label, bands, down: true });
}

/**
 * @param {Array<number | null>} values
 * @param {number} [fromZero]
 * @returns {[number, number]} the ends of an axis: it starts at 0 where the least value is small beside the largest one
 */
export function spread(values, fromZero = 0.35) {
  const known = /** @type {number[]} */ (values.filter((value) => Number.isFinite(value)));
  if (!known.length) return [0, 1];
  const [low, high] = extent(known);
  if (low === high) return [low - 0.5, high + 0.5];
  if (low >= 0 && low < fromZero * high) return [0, high];
  const room = 0.05 * (high - low);
  return [low - room, high + room];
}

/**
 * @param {number[]} values
 * @returns {[number, number]}
 */
export function extent(values) {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}

/**
 * @param {number[]} sorted rising
 * @param {number} share
 * @returns {number} the quantile between the two nearest values, as numpy has it
 */
export function quantile(sorted, share) {
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const [low, high, t] = [sorted[below], sorted[Math.min(below + 1, sorted.length - 1)], place - below];
  return t >= 0.5 ? high - (high - low) * (1 - t) : low + (high - low) * t;
}

/**
 * @param {number[]} values
 * @returns {number[]}
 */
export function rising(values) {
  return [...values].sort((a, b) => a - b);
}

/**
 * What a column is called on an axis, and how its numbers are written.
 *
 * @param {any} atlas
 * @param {any} column
 * @param {number} [cityDecimals] of the city value
 */
export function measureOf(atlas, column, cityDecimals = column.cityDecimals) {
  const { lang, words } = atlas;
  const { label, unit } = column;
  const decimals = (column.years?.[0] ?? column).decimals;
  const known = indicatorOf(atlas, column);
  const direction = known?.profile === 2 ? 0 : (known?.direction ?? 0);
  const blank = lang === "en" && unit === "%" ? "" : "\u202f";
  const written = (/** @type {number | null} */ value, /** @type {number} */ digits) => {
    if (value === null || !Number.isFinite(value)) return words.chart_not_shown;
    return formatNumber(value, digits, lang) + (unit ? blank + unit : "");
  };
  const write = (/** @type {number | null} */ value) => written(value, decimals);
  const writeCity = (/** @type {number | null} */ value) => written(value, cityDecimals ?? decimals);
  return { label, unit, decimals, direction, write, writeCity, title: unit ? `${label} (${unit})` : label };
}

/**
 * @param {any} atlas
 * @param {any} column
 * @returns {any} what the panel knows of an indicator: its direction and its place in lists
 */
export function indicatorOf(atlas, column) {
  return atlas.panel.indicators.find((/** @type {any} */ { id }) => id === column.id);
}

/**
 * @param {any} atlas
 * @returns {(name: string, values?: Record<string, string | number>) => string} a text; whole numbers as the language writes them
 */
export function speaker({ words, lang }) {
  return (name, values = {}) =>
    fillIn(
      words[`chart_${name}`],
      Object.fromEntries(Object.entries(values).map(([key, value]) => [key, typeof value === "number" ? formatNumber(value, 0, lang) : value])),
    );
}

/**
 * @param {Partial<ChartRecord> & {id: string, title: string, alt: string, x: ChartAxis, y: ChartAxis, marks: ChartMark[]}} fields
 * @returns {ChartRecord}
 */
export function record(fields) {
  return { note: "", head: [], rows: [], right: [], key: [], order: [], height: 0.5, ...fields };
}
