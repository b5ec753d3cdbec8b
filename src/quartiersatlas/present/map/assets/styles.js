// @ts-check
// How areas look. Every state that means something differs by lightness or pattern, not by hue alone.

import { cellClass } from "./classes.js";

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
export const NEAR_LINE = { color: "#1a1a1a", weight: 1.6, dashArray: "2 5", fill: false, interactive: false, smoothFactor: 0 };
export const RING = { radius: 6, color: "#1a1a1a", weight: 2.2, fill: false, interactive: false };
export const TINY = 6; // pixels: below it a hatch cannot be seen
export const SMALL_AREA = 30; // pixels: below it a full outline takes too much of the fill
export const PARENT_LINE = { color: "#555555", weight: 1.2, fill: false, interactive: false, smoothFactor: 0 };
export const CASING_LINE = { color: "#ffffff", weight: 6, fill: false, interactive: false, smoothFactor: 0 };
export const CANDIDATE_LINE = { color: "#b3005e", weight: 3, fill: false, interactive: false, smoothFactor: 0 };
export const CHOSEN_CASING = { color: "#1a1a1a", weight: 7, fill: false, interactive: false, smoothFactor: 0 };
export const CHOSEN_LINE = { color: "#ffd400", weight: 3.5, fill: false, interactive: false, smoothFactor: 0 };
export const POINTED_CASING = { ...CHOSEN_CASING, weight: 5 };
export const POINTED_LINE = { ...CHOSEN_LINE, color: "#ffffff", weight: 2 };
export const PROGRAMME_LINE = { color: "#333333", weight: 2, dashArray: "9 4 2 4", fill: false, smoothFactor: 0 };
export const OTHER_PROGRAMME_LINE = { ...PROGRAMME_LINE, color: "#6b6b6b", weight: 1.4, dashArray: "2 4" };

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
 * @param {number} area
 * @param {import("./canvas.js").PatternName | undefined} mark the pattern of selected areas
 * @param {number | string | null} filter the class that is highlighted; the others step back
 */
export function areaStyle(column, area, mark, filter = null) {
  const cell = cellClass(column, area);
  const gap = typeof cell === "string" ? GAP_STYLES[cell] : null;
  const back = filter !== null && filter !== cell;
  const fillColor = gap ? gap.fillColor : column.colors[/** @type {number} */ (cell)];
  return {
    fillColor,
    fillOpacity: back ? 0.12 : 1,
    color: gap ? "#9a9a9a" : darker(fillColor, 0.6),
    weight: 0.6,
    pattern: back ? undefined : mark ?? gap?.pattern,
  };
}
