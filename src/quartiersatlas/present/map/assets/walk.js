// @ts-check
// Finding areas: by name or key, and by stepping from neighbour to neighbour.

/** @typedef {{names: string[], keys: string[]}} Named */

/** @type {Record<string, [number, number]>} north and east */
export const DIRECTIONS = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };

/**
 * @param {string} text
 * @returns {string} for comparison: small letters, single blanks
 */
function folded(text) {
  return text.toLocaleLowerCase("de").replace(/\s+/g, " ").trim();
}

/**
 * @param {Named} areas
 * @param {number} area
 * @returns {string} name and key, as the search offers them
 */
export function areaTitle(areas, area) {
  return `${areas.names[area]} (${areas.keys[area]})`;
}

/**
 * Areas that fit what was typed, the best first: the same key or name, then beginnings, then parts.
 *
 * @param {Named} areas
 * @param {string} query
 * @param {number} [most]
 * @returns {number[]}
 */
export function findAreas(areas, query, most = 12) {
  const wanted = folded(query);
  if (!wanted) return [];
  /** @type {Array<[number, number]>} */
  const found = [];
  areas.names.forEach((_, area) => {
    const words = [areas.names[area], areas.keys[area], areaTitle(areas, area)].map(folded);
    const rank = [words.includes(wanted), words.some((w) => w.startsWith(wanted)), words[2].includes(wanted)].indexOf(true);
    if (rank >= 0) found.push([rank, area]);
  });
  return found.sort((a, b) => a[0] - b[0] || a[1] - b[1]).slice(0, most).map(([, area]) => area);
}

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
