// @ts-check
// Stepping from neighbour to neighbour.

/** @type {Record<string, [number, number]>} north and east */
export const DIRECTIONS = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };

/**
 * The neighbour that lies best in a direction, less than 90 degrees off it.
 *
 * @param {Array<[number, number]>} centres north and east, in the same unit
 * @param {number[]} around the neighbours
 * @param {number} area
 * @param {[number, number]} direction
 * @returns {number | null}
 */
export function nextArea(centres, around, area, direction) {
  const cosine = (/** @type {number} */ other) => {
    const [north, east] = [centres[other][0] - centres[area][0], centres[other][1] - centres[area][1]];
    return (north * direction[0] + east * direction[1]) / (Math.hypot(north, east) || 1);
  };
  const ahead = around.map((other) => ({ other, fit: cosine(other) })).filter(({ fit }) => fit > 1e-9);
  ahead.sort((a, b) => b.fit - a.fit || a.other - b.other);
  return ahead.length ? ahead[0].other : null;
}
