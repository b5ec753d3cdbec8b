// @ts-check
// Which class a value belongs to, and how many areas each class has.

/**
 * @typedef {object} Column
 * @property {string} id
 * @property {string} label
 * @property {string} unit
 * @property {string} domain
 * @property {number} decimals
 * @property {number | null} city
 * @property {Array<number | null>} values
 * @property {Record<string, string>} gaps area number -> why it has no value
 * @property {Array<number | null>} [numerator]
 * @property {Array<number | null>} [denominator]
 * @property {number[]} breaks of the scheme that is shown
 * @property {string[]} colors of the scheme that is shown
 * @property {string} scheme its name
 * @property {Record<string, {breaks: number[], colors: string[]}>} schemes
 * @property {string} hint how to read the colours
 * @property {string[]} [classes] labels of a column whose values are classes
 */

/**
 * Number of breaks at or below a value: a value on a break belongs to the class above it.
 *
 * @param {number} value
 * @param {number[]} breaks rising
 * @returns {number}
 */
export function classOf(value, breaks) {
  let found = 0;
  for (const limit of breaks) if (value >= limit) found += 1;
  return found;
}

/**
 * What an area shows: the number of its class, or the reason why it has none.
 *
 * @param {Column} column
 * @param {number} area
 * @returns {number | string}
 */
export function cellClass(column, area) {
  const value = column.values[area];
  if (value === null) return column.gaps[area] ?? "missing";
  return column.classes ? value : classOf(value, column.breaks);
}

/**
 * Areas per class and per reason for having none.
 *
 * @param {Column} column
 * @returns {Map<number | string, number>}
 */
export function countClasses(column) {
  const counts = new Map();
  column.values.forEach((_, area) => {
    const cell = cellClass(column, area);
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  });
  return counts;
}

/**
 * Sums per class and per reason for having none; what is not known is left out.
 *
 * @param {Column} column
 * @param {Array<number | null>} numbers
 * @returns {Map<number | string, number>}
 */
export function sumClasses(column, numbers) {
  const sums = new Map();
  numbers.forEach((number, area) => {
    const cell = cellClass(column, area);
    sums.set(cell, (sums.get(cell) ?? 0) + (number ?? 0));
  });
  return sums;
}

/**
 * Show a column in one of its schemes.
 *
 * @param {Column} column
 * @param {string} name
 */
export function useScheme(column, name) {
  Object.assign(column, column.schemes[name], { scheme: name });
}
