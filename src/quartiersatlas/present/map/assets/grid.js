// @ts-check
// Quarters arrive as runs from corner to corner on their grid; on the way to degrees they leave the projection.

import { decodeVarints, unzigzag } from "./topology.js";

// ETRS89-LAEA Europe, EPSG:3035: GRS 80, centre at 52 degrees north and 10 degrees east
const [A, E2, NORTH, EAST] = [6378137, 0.00669438002290079, (52 * Math.PI) / 180, 10];
const [FALSE_EAST, FALSE_NORTH] = [4321000, 3210000];
const E = Math.sqrt(E2);

/**
 * @param {number} sine of the latitude
 * @returns {number} q of Snyder, Map Projections, 3-12
 */
function authalic(sine) {
  return (1 - E2) * (sine / (1 - E2 * sine * sine) - Math.log((1 - E * sine) / (1 + E * sine)) / (2 * E));
}

const POLE = authalic(1);
const RADIUS = A * Math.sqrt(POLE / 2);
const BETA = Math.asin(authalic(Math.sin(NORTH)) / POLE);
const D = (A * Math.cos(NORTH)) / Math.sqrt(1 - E2 * Math.sin(NORTH) ** 2) / (RADIUS * Math.cos(BETA));
const SERIES = [
  E2 / 3 + (31 * E2 ** 2) / 180 + (517 * E2 ** 3) / 5040,
  (23 * E2 ** 2) / 360 + (251 * E2 ** 3) / 3780,
  (761 * E2 ** 3) / 45360,
];

/**
 * Lambert's azimuthal equal-area projection backwards: J. P. Snyder, Map Projections - A Working Manual (1987), 24.
 *
 * @param {number} east metres in EPSG:3035
 * @param {number} north
 * @returns {[number, number]} latitude and longitude in degrees
 */
export function fromEurope(east, north) {
  const [x, y] = [(east - FALSE_EAST) / D, (north - FALSE_NORTH) * D];
  const far = Math.hypot(x, y);
  if (far === 0) return [(NORTH * 180) / Math.PI, EAST];
  const angle = 2 * Math.asin(far / (2 * RADIUS));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const beta = Math.asin(cosine * Math.sin(BETA) + (y * sine * Math.cos(BETA)) / far);
  const turned = Math.atan2(x * sine, far * Math.cos(BETA) * cosine - y * Math.sin(BETA) * sine);
  const latitude = SERIES.reduce((sum, part, k) => sum + part * Math.sin(2 * (k + 1) * beta), beta);
  return [(latitude * 180) / Math.PI, EAST + (turned * 180) / Math.PI];
}

/**
 * Each ring: how far its first corner lies from the one before, its corners, and the runs between them, in turn to the
 * east and to the north; the last one goes back by itself.
 *
 * @param {{step: number, rings: string, corners: string, runs: string}} encoded
 * @returns {Array<Array<Array<[number, number]>>>} quarter, ring, corner: metres
 */
export function decodeRuns(encoded) {
  const [corners, runs] = [decodeVarints(encoded.corners).values(), decodeVarints(encoded.runs).values()];
  const next = () => unzigzag(runs.next().value ?? 0);
  let [startX, startY] = [0, 0];
  const ring = () => {
    startX += next();
    startY += next();
    let [x, y] = [startX, startY];
    return Array.from({ length: corners.next().value ?? 0 }, (_, k) => {
      if (k % 2) x += next();
      else if (k) y += next();
      return /** @type {[number, number]} */ ([x * encoded.step, y * encoded.step]);
    });
  };
  return decodeVarints(encoded.rings).map((count) => Array.from({ length: count }, ring));
}
