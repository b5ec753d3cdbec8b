// @ts-check
// Values arrive as whole numbers without their decimal point, count columns once each.

import { classOf, useScheme } from "./classes.js";

/**
 * Give every column its values and counts.
 *
 * @param {any} atlas
 */
export function unpackColumns(atlas) {
  for (const column of atlas.columns) {
    if (column.numerator !== undefined) {
      column.numerator = atlas.counts[column.numerator];
      column.denominator = atlas.counts[column.denominator];
    }
    useScheme(column, Object.keys(column.schemes)[0]);
    if (column.matrix) {
      Object.assign(column, combined(atlas.columns, column));
      continue;
    }
    column.values = scaled(column.values ?? rates(column), column.decimals);
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
    gaps: { ...second.gaps, ...first.gaps },
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
