// @ts-check
// Candidate areas as a choice one can change: totals, coherence, and the choice as a file.

import { arcPlaces, ringPlaces } from "./topology.js";

/** @typedef {{key: string, label: string, members: number[]}} Candidate */

/**
 * @param {Array<number | null>} numbers
 * @param {number[]} members
 * @returns {number | null} the sum; null where one of them is not known
 */
export function total(numbers, members) {
  return members.reduce((/** @type {number | null} */ sum, area) => {
    const number = numbers[area];
    return sum === null || number === null ? null : sum + number;
  }, 0);
}

/**
 * @param {{numerator?: Array<number | null>, denominator?: Array<number | null>, per?: number}} column
 * @param {number[]} members
 * @returns {number | null} the rate of all members together, from their counts
 */
export function totalRate({ numerator, denominator, per }, members) {
  if (!numerator || !denominator || !per) return null;
  const [x, n] = [total(numerator, members), total(denominator, members)];
  return x === null || !n ? null : (x / n) * per;
}

/**
 * @param {{numerator?: Array<number | null>, denominator?: Array<number | null>, gaps: Record<string, string>}} column
 * @param {number[]} members
 * @returns {string} why the members together have no rate: theirs where they have but one reason, else that one has one
 */
export function totalGap({ numerator, denominator, gaps }, members) {
  const unknown = members.filter((area) => numerator?.[area] === null || denominator?.[area] === null);
  const kinds = new Set(unknown.map((area) => gaps[area] ?? "missing"));
  if (!kinds.size) return "not_applicable";
  const [kind] = kinds;
  return kinds.size === 1 && ["missing", "unknown_residents"].includes(kind) ? kind : "derived";
}

/**
 * @param {number[]} members
 * @param {number[][]} around neighbours of each area
 * @returns {boolean} whether one can walk from each member to each other through members
 */
export function isConnected(members, around) {
  const left = new Set(members);
  const open = members.slice(0, 1);
  while (open.length) {
    const area = /** @type {number} */ (open.pop());
    if (left.delete(area)) open.push(...around[area].filter((other) => left.has(other)));
  }
  return left.size === 0;
}

/**
 * What can be done with an area: leave the candidate area it belongs to, or join one it borders on.
 *
 * @param {Candidate[]} candidates
 * @param {number[][]} around
 * @param {number} area
 * @returns {Array<{candidate: Candidate, joins: boolean}>}
 */
export function possibleChanges(candidates, around, area) {
  const own = candidates.find(({ members }) => members.includes(area));
  if (own) return [{ candidate: own, joins: false }];
  const bordering = candidates.filter(({ members }) => around[area].some((other) => members.includes(other)));
  return bordering.map((candidate) => ({ candidate, joins: true }));
}

/**
 * @param {string} text
 * @returns {string} a cell: quoted, and never a formula for a spreadsheet
 */
export function csvCell(text) {
  return `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}

/**
 * @param {{keys: string[], names: string[], residents: Array<number | null>}} areas
 * @param {Candidate[]} candidates
 * @param {string[]} heads
 * @param {string} mark between cells
 * @returns {string} one line per member
 */
export function choiceCsv(areas, candidates, heads, mark = ";") {
  const lines = candidates.flatMap(({ key, members }) =>
    members.map((area) => [csvCell(key), csvCell(areas.keys[area]), csvCell(areas.names[area]), areas.residents[area] ?? ""].join(mark)),
  );
  return `\ufeff${[heads.map(csvCell).join(mark), ...lines].join("\r\n")}\r\n`;
}

/**
 * @param {{keys: string[], names: string[], residents: Array<number | null>}} areas
 * @param {Candidate[]} candidates
 * @param {{flat: import("./topology.js").FlatArcs, shapes: number[][][][]}} ground
 * @returns {any} one feature per member, as RFC 7946 wants it: outer rings run against the clock, holes with it
 */
export function choiceGeoJson(areas, candidates, ground) {
  const rings = (/** @type {number[][]} */ part) =>
    part.map((ring, position) => {
      const places = ringPlaces((arc) => arcPlaces(ground.flat, arc), ring).map(([north, east]) => [round5(east), round5(north)]);
      const turns = places.reduce((sum, [x, y], i) => {
        const [x2, y2] = places[(i + 1) % places.length];
        return sum + (x2 - x) * (y2 + y);
      }, 0);
      const ordered = turns > 0 === (position > 0) ? places : places.reverse();
      return [...ordered, ordered[0]];
    });
  const feature = (/** @type {string} */ candidate, /** @type {number} */ area) => ({
    type: "Feature",
    properties: { key: areas.keys[area], name: areas.names[area], candidate, residents: areas.residents[area] },
    geometry: { type: "MultiPolygon", coordinates: ground.shapes[area].map(rings) },
  });
  return { type: "FeatureCollection", features: candidates.flatMap(({ key, members }) => members.map((area) => feature(key, area))) };
}

/**
 * @param {number} degrees
 * @returns {number}
 */
function round5(degrees) {
  return Math.round(degrees * 1e5) / 1e5;
}
