// @ts-check
// Outlines arrive as whole numbers: a start and the steps from point to point, in 1e-5 degrees.

const STEP = 1e-5;

/**
 * @param {number[]} ring longitude, latitude, then differences
 * @returns {Array<[number, number]>} latitude, longitude
 */
export function decodeRing(ring) {
  /** @type {Array<[number, number]>} */
  const points = [];
  let x = 0;
  let y = 0;
  for (let i = 0; i < ring.length; i += 2) {
    x += ring[i];
    y += ring[i + 1];
    points.push([y * STEP, x * STEP]);
  }
  return points;
}

/**
 * @param {number[][][]} shape parts of rings, the outer ring first
 * @returns {Array<Array<Array<[number, number]>>>}
 */
export function decodeShape(shape) {
  return shape.map((part) => part.map(decodeRing));
}
