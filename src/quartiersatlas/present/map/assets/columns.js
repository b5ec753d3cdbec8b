// @ts-check
// Values arrive as whole numbers without their decimal point, count columns once each.

import { classOf, useScheme } from "./classes.js";

/**
 * What a column shows at one date.
 *
 * @typedef {object} Cells
 * @property {Array<number | null>} values
 * @property {Record<string, string>} gaps
 * @property {number | null} city
 * @property {number} decimals
 * @property {number} cityDecimals of the city value: fewer where it would tell a withheld count
 * @property {Array<number | null | undefined>} range the lowest and the highest value
 * @property {Array<number | null>} [numerator]
 * @property {Array<number | null>} [denominator]
 * @property {Record<string, any>} [schemes] classes around the city value of the date
 */

/**
 * Give every column its values and counts at every date, the latest first.
 *
 * @param {any} atlas
 */
export function unpackColumns(atlas) {
  atlas.times = [{ ...atlas, residents: atlas.areas.residents }, ...atlas.earlier];
  for (const time of atlas.phrases ? atlas.times : []) {
    time.reasons = spoken(time.reasons, atlas.phrases);
    for (const name of ["others", "missing"]) time.standing[name] &&= spoken(time.standing[name], atlas.phrases);
  }
  for (const column of atlas.columns) {
    const own = [column, ...(column.earlier ?? [])];
    for (const scheme of own.flatMap((cells) => Object.values(cells?.schemes ?? {}))) scheme.colors = atlas.palettes?.[scheme.colors] ?? scheme.colors;
    if (column.matrix) continue;
    column.years = own.map((cells) => (cells ? unpacked(cells, column, atlas.counts) : null));
  }
  const at = (/** @type {number} */ year) => atlas.columns.map((/** @type {any} */ column) => ({ ...column, ...column.years?.[year] }));
  for (const column of atlas.columns.filter((/** @type {any} */ c) => c.matrix)) {
    column.years = atlas.times.map((/** @type {any} */ _, /** @type {number} */ year) => {
      const isKnown = column.matrix.every((/** @type {number} */ index) => atlas.columns[index].years[year]);
      const isOfRule = column.axes[0].breaks; // the limits are those of the latest date
      return isKnown && !(year && isOfRule) ? { ...combined(at(year), column), city: null, decimals: 0 } : null;
    });
  }
}

/**
 * @param {any} packed texts as numbers of phrases, each with what fills its gaps: phrases.py
 * @param {string[]} phrases
 * @returns {any} the same with its texts
 */
export function spoken(packed, phrases) {
  if (typeof packed !== "string") {
    for (const key of Object.keys(packed)) packed[key] = spoken(packed[key], phrases);
    return packed;
  }
  const [number, ...gaps] = packed.split("|");
  return phrases[Number(number)].replace(/#/g, () => gaps.shift() ?? "");
}

/**
 * @param {any} cells as they arrive
 * @param {any} column
 * @param {Array<Array<number | null>>} counts
 * @returns {Cells}
 */
function unpacked({ values, gaps, city, city_decimals, decimals, numerator, denominator, schemes }, column, counts) {
  const [x, n] = [numerator, denominator].map((position) => (position === undefined ? undefined : counts[position]));
  const whole = values ?? rates({ numerator: x ?? [], denominator: n ?? [], per: column.per, decimals });
  const around = schemes === column.schemes ? undefined : schemes;
  const numbers = scaled(whole, decimals);
  const known = numbers.filter((/** @type {number | null} */ value) => value !== null);
  const range = [Math.min, Math.max].map((choose) => known.reduce((a, b) => choose(/** @type {number} */ (a), /** @type {number} */ (b)), known[0]));
  return { values: numbers, gaps, city, cityDecimals: city_decimals ?? decimals, decimals, range, numerator: x, denominator: n, schemes: around };
}

/**
 * @param {any} atlas unpacked
 * @returns {any} the atlas with columns of its own, which can show another date than those of another view
 */
export function viewOf(atlas) {
  const view = { ...atlas, areas: { ...atlas.areas }, columns: atlas.columns.map((/** @type {any} */ column) => ({ ...column })) };
  for (const column of view.columns) Object.assign(column, { allSchemes: column.schemes, scheme: Object.keys(column.schemes)[0] });
  showYear(view, 0);
  return view;
}

/**
 * Show another date: values, counts and city values of all columns, residents, the areas selected then.
 *
 * @param {any} view
 * @param {number} year 0 is the latest
 */
export function showYear(view, year) {
  const { residents, selected, reasons, standing, borderline, near } = view.times[year];
  Object.assign(view, { shown: year, selected, reasons, standing, near, isSelected: new Set(selected), isBorderline: new Set(borderline) });
  view.areas.residents = residents;
  const nothing = { values: residents.map(() => null), gaps: {}, city: null, range: [], numerator: undefined, denominator: undefined };
  for (const column of view.columns) {
    const cells = column.years[year] ?? nothing;
    const { sd, deviation, ...lasting } = column.allSchemes; // the two around the city value are those of the date
    const schemes = cells.schemes ? { ...lasting, ...cells.schemes } : column.allSchemes;
    Object.assign(column, cells, { schemes });
    useScheme(column, schemes[column.scheme] ? column.scheme : Object.keys(schemes)[0]);
  }
}

/**
 * @typedef {object} Axis one of the two columns of a matrix
 * @property {string} head what it says, in the legend
 * @property {string[]} classes
 * @property {number[]} [breaks] limits of the classes, where the column has numbers; the same in all years
 * @property {Record<string, [number, number]>} [moved] area -> value and class, where the limits alone would tell another class
 */

/**
 * Two columns as one: every class of the first with every class of the second.
 *
 * @param {any[]} columns with the values of the year that is shown
 * @param {{matrix: number[], axes: Axis[]}} pair
 * @returns {{values: Array<number | null>, classes: string[], gaps: Record<string, string>}}
 */
export function combined(columns, { matrix, axes }) {
  const [first, second] = matrix.map((index) => columns[index]);
  const n = axes[1].classes.length;
  return {
    values: first.values.map((/** @type {number | null} */ value, /** @type {number} */ area) => {
      const [a, b] = [axisClass(axes[0], value, area), axisClass(axes[1], second.values[area], area)];
      return a === null || b === null ? null : a * n + b;
    }),
    classes: axes[0].classes.flatMap((a) => axes[1].classes.map((b) => `${first.label}: ${a}, ${second.label}: ${b}`)),
    gaps: Object.fromEntries(
      [second, first].flatMap(({ values, gaps }) => values.flatMap((/** @type {number | null} */ value, /** @type {number} */ area) => (value === null && gaps?.[area] ? [[area, gaps[area]]] : []))),
    ),
  };
}

/**
 * @param {Axis} axis
 * @param {number | null} value
 * @param {number} area
 * @returns {number | null}
 */
function axisClass({ breaks, moved }, value, area) {
  if (value === null || !breaks) return value;
  const exception = moved?.[area];
  return exception?.[0] === value ? exception[1] : classOf(value, breaks);
}

/**
 * @param {{numerator: Array<number | null>, denominator: Array<number | null>, per: number, decimals: number}} column
 * @returns {Array<number | null>} rates as whole numbers: 123 for 12.3 with one decimal
 */
export function rates({ numerator, denominator, per, decimals }) {
  return numerator.map((x, area) => {
    const n = denominator[area];
    return x === null || !n ? null : roundHalfEven((x / n) * per * 10 ** decimals);
  });
}

/**
 * @param {number} value
 * @returns {number} the nearest whole number; halfway between two, the even one, as on the Python side
 */
export function roundHalfEven(value) {
  const below = Math.floor(value);
  const up = value - below > 0.5 || (value - below === 0.5 && below % 2 !== 0);
  return below + (up ? 1 : 0);
}

/**
 * @param {Array<number | null>} values 123 for 12.3 with one decimal
 * @param {number} decimals
 * @returns {Array<number | null>}
 */
export function scaled(values, decimals) {
  const scale = 10 ** decimals;
  return values.map((value) => (value === null ? null : value / scale));
}

const Z95 = 1.959963984540054;

/**
 * The 95 % interval of a share (Wilson 1927).
 *
 * @param {number} x
 * @param {number} n
 * @returns {[number, number]} as parts of 1
 */
export function wilson(x, n) {
  const share = x / n;
  const centre = share + (Z95 * Z95) / (2 * n);
  const half = Z95 * Math.sqrt((share * (1 - share)) / n + (Z95 * Z95) / (4 * n * n));
  const scale = 1 + (Z95 * Z95) / n;
  return [Math.max(0, (centre - half) / scale), Math.min(1, (centre + half) / scale)];
}

/**
 * @param {any} column
 * @param {number} area
 * @returns {[number, number] | null} the interval of a share in the unit of its column
 */
export function intervalOf({ numerator, denominator, per }, area) {
  const [x, n] = [numerator?.[area], denominator?.[area]];
  if (!per || !n || x > n) return null;
  const [low, high] = wilson(x, n);
  return [low * per, high * per];
}
