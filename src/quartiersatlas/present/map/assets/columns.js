// @ts-check
// Values arrive as whole numbers without their decimal point, count columns once each.

import { useScheme } from "./classes.js";

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
      Object.assign(column, combined(atlas.columns[column.matrix[0]], atlas.columns[column.matrix[1]]));
      continue;
    }
    column.values = scaled(column.values ?? rates(column), column.decimals);
  }
}

/**
 * Two columns of classes as one: every class of the first with every class of the second.
 *
 * @param {any} first
 * @param {any} second
 * @returns {{values: Array<number | null>, classes: string[], gaps: Record<string, string>}}
 */
export function combined(first, second) {
  const n = second.classes.length;
  return {
    values: first.values.map((/** @type {number | null} */ a, /** @type {number} */ area) => {
      const b = second.values[area];
      return a === null || b === null ? null : a * n + b;
    }),
    classes: first.classes.flatMap((/** @type {string} */ a) => second.classes.map((/** @type {string} */ b) => `${a}, ${b}`)),
    gaps: { ...second.gaps, ...first.gaps },
  };
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
