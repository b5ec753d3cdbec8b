// @ts-check
// Fields of action for what is high in an area: suggestions that follow from the values shown.

import { element } from "./controls.js";
import { fillIn } from "./format.js";
import { columnOf, foldedList, paragraph } from "./panel_parts.js";

const HIGH = 0.2; // part of the shown areas

/**
 * @typedef {object} Bundle
 * @property {string} field
 * @property {string} label
 * @property {string[]} examples
 * @property {string[]} triggers indicators that point to it
 * @property {string} source
 */

/**
 * Whether a value points to high need: worse than the city, and at most a fifth of the areas as high.
 *
 * @param {{values: Array<number | null>, city: number | null}} column
 * @param {number} direction 1: high values point to need, -1: low ones do, 0: neither does
 * @param {number} area
 * @returns {boolean}
 */
export function isHigh({ values, city }, direction, area) {
  const value = values[area];
  if (!direction || value === null) return false;
  if (city !== null && value * direction <= city * direction) return false;
  const known = values.filter((other) => other !== null);
  const asHigh = known.filter((other) => Number(other) * direction >= value * direction);
  return asHigh.length / known.length <= HIGH;
}

/**
 * @param {any} atlas
 * @param {number} area
 * @returns {Map<string, string>} indicator (a change stands for its indicator) -> label
 */
export function highIndicators(atlas, area) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const { id, base, direction } of atlas.panel.indicators) {
    const column = columnOf(atlas, id);
    if (isHigh(column, direction, area)) found.set(base ?? id, column.label);
  }
  return found;
}

/**
 * @param {Bundle[]} bundles
 * @param {Map<string, string>} high
 * @returns {Array<{bundle: Bundle, because: string[]}>} the bundles that something high points to, and what
 */
export function actionsFor(bundles, high) {
  return bundles
    .map((bundle) => ({ bundle, because: bundle.triggers.flatMap((name) => high.get(name) ?? []) }))
    .filter(({ because }) => because.length);
}

/**
 * @param {any} atlas
 * @param {number} area
 * @returns {HTMLElement[]} empty where nothing is high
 */
export function actionParts(atlas, area) {
  const actions = actionsFor(atlas.panel.bundles, highIndicators(atlas, area));
  if (!actions.length) return [];
  const parts = [element("p", "qa-aid", atlas.words.note_actions)];
  for (const field of new Set(actions.map(({ bundle }) => bundle.field))) {
    parts.push(element("h4", "", field));
    for (const { bundle, because } of actions.filter((action) => action.bundle.field === field)) {
      parts.push(foldedList(bundle.label, bundle.examples));
      parts.push(element("p", "qa-muted", fillIn(atlas.words.action_because, { names: because.join(", ") })));
    }
  }
  const sources = [...new Set(actions.map(({ bundle }) => bundle.source))].sort();
  return [...parts, paragraph(`${atlas.words.label_source}: ${sources.join("; ")}`)];
}
