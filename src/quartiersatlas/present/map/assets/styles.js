// @ts-check
// How areas look. Every state that means something differs by lightness or pattern, not by hue alone.

/** @type {Record<string, {fillColor: string, pattern?: string}>} */
export const GAP_STYLES = {
  missing: { fillColor: "#dddddd" },
  unreliable: { fillColor: "#dddddd" },
  not_applicable: { fillColor: "#dddddd" },
  excluded: { fillColor: "#dddddd", pattern: "lines" },
  protected: { fillColor: "#ffffff", pattern: "dots" },
  source: { fillColor: "#ffffff", pattern: "dots" },
  derived: { fillColor: "#ffffff", pattern: "dots" },
  small_area: { fillColor: "#ededed", pattern: "lines" },
  unknown_residents: { fillColor: "#ededed", pattern: "lines" },
  uninhabited: { fillColor: "#ffffff" },
};

export const SELECTED_LINE = { color: "#1a1a1a", weight: 2.2, fill: false, interactive: false, smoothFactor: 0 };
/** Under the dashes that mean something, so that they are seen on the darkest class. */
export const LIGHT_LINE = { color: "#ffffff", weight: 3.4, opacity: 0.8, fill: false, interactive: false, smoothFactor: 0 };
export const NEAR_LINE = { color: "#1a1a1a", weight: 2.6, dashArray: "0.1 5.4", fill: false, interactive: false, smoothFactor: 0 }; // round dots
export const OPEN_LINE = { ...SELECTED_LINE, dashArray: "8 5" };
/** @type {Array<{color: string, weight: number, opacity?: number}>} */
export const MARK_LINES = [LIGHT_LINE, NEAR_LINE, OPEN_LINE, SELECTED_LINE]; // from below
export const RING = { radius: 6, color: "#1a1a1a", weight: 2.2, fill: false, interactive: false };
export const RING_OPEN = { ...RING, dashArray: "3 3.5" };
export const DOT = { radius: 2.2, color: "#ffffff", weight: 1.2, fillColor: "#1a1a1a", fillOpacity: 1, interactive: false };
export const DOT_OPEN = { ...DOT, color: "#1a1a1a", fillColor: "#ffffff" };
const TINT = 0.62; // of the class colour
export const TINY = 6; // pixels: below it a hatch cannot be seen
export const SMALL_AREA = 30; // pixels: below it a full outline takes too much of the fill
export const PARENT_LINE = { color: "#555555", weight: 1.2, fill: false, interactive: false, smoothFactor: 0 };
export const CASING_LINE = { color: "#ffffff", weight: 6, fill: false, interactive: false, smoothFactor: 0 };
export const CANDIDATE_LINE = { color: "#b3005e", weight: 3, fill: false, interactive: false, smoothFactor: 0 };
export const CHOSEN_CASING = { color: "#1a1a1a", weight: 7, fill: false, interactive: false, smoothFactor: 0 };
export const CHOSEN_LINE = { color: "#ffd400", weight: 3.5, fill: false, interactive: false, smoothFactor: 0 };
export const POINTED_CASING = { ...CHOSEN_CASING, weight: 5 };
export const POINTED_LINE = { ...CHOSEN_LINE, color: "#ffffff", weight: 2 };
export const PROGRAMME_LINE = { color: "#1a1a1a", weight: 2.2, dashArray: "10 7 2 7", fill: false, smoothFactor: 0 };
export const OTHER_PROGRAMME_LINE = { ...PROGRAMME_LINE, color: "#5a5a5a", weight: 1.6, dashArray: "2 6" };

/** @param {boolean} isOther whether the programme does not run */
export function programmeCasing(isOther) {
  const line = isOther ? OTHER_PROGRAMME_LINE : PROGRAMME_LINE;
  return { ...line, color: "#ffffff", weight: line.weight + 2.6, interactive: false };
}

/**
 * @param {string} color "#rrggbb"
 * @param {number} share 1 leaves the colour, 0 is black
 * @returns {string}
 */
export function darker(color, share) {
  const parts = [1, 3, 5].map((i) => Math.round(parseInt(color.slice(i, i + 2), 16) * share));
  return `rgb(${parts.join(", ")})`;
}

/**
 * @param {import("./classes.js").Column} column
 * @param {number | string} cell its class, or the reason why an area has none
 * @param {import("./canvas.js").PatternName | import("./marks.js").SmallMark | undefined} mark the pattern of selected areas
 * @param {boolean} back whether others are highlighted
 */
export function areaStyle(column, cell, mark, back) {
  const gap = typeof cell === "string" ? GAP_STYLES[cell] : null;
  const plain = gap ? gap.fillColor : column.colors[/** @type {number} */ (cell)];
  const fillColor = mark === "tint" ? darker(plain, TINT) : plain;
  const pattern = mark === "hatch" || mark === "dashes" ? mark : gap?.pattern;
  return {
    fillColor,
    fillOpacity: back ? 0.12 : 1,
    pattern: back ? undefined : pattern,
  };
}
