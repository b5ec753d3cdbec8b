// @ts-check
// How an area stands: selected or not and how stable that is, its class, its rank, what drives its scores.

import { cellText, element, whyParts } from "./controls.js";
import { fillIn, formatNumber } from "./format.js";
import { barPart, bulletList, columnOf, hiddenBar, paragraph } from "./panel_parts.js";

const TENTHS = 10; // contributions arrive without their one decimal

/**
 * @typedef {object} Driver
 * @property {string} id the column of the indicator
 * @property {string} label
 * @property {Array<number | null>} parts what it adds to the score of each area, in tenths
 */

/**
 * Whether the area is selected, why, and how stable that is; that it is not says nothing about need.
 *
 * @param {any} atlas
 * @param {number} area
 * @returns {HTMLElement[]}
 */
export function selectionParts(atlas, area) {
  const { screened, unassessed, others, levels, missing, rule } = atlas.standing;
  const parts = [];
  if (atlas.reasons[area]) {
    parts.push(paragraph(atlas.words.profile_selected), bulletList(atlas.reasons[area]));
  } else if (screened) {
    parts.push(paragraph(atlas.words[unassessed.includes(area) ? "profile_not_assessed" : "profile_not_selected"]));
    const why = others?.[area];
    if (why) parts.push(paragraph(atlas.words[unassessed.includes(area) ? "profile_why_unknown" : "profile_why_not"]), bulletList(why));
  }
  if (levels?.[area]) parts.push(paragraph(fillIn(atlas.words.profile_level, { level: levels[area] })));
  if (missing?.[area]) parts.push(paragraph(missing[area]), element("p", "qa-legend-note", atlas.words.profile_missing));
  const stable = stabilityText(atlas, area);
  if (stable) parts.push(element("h4", "", atlas.words.heading_stability), paragraph(stable));
  if (rule) parts.push(ruleBox(atlas.words.heading_rule, rule));
  return parts;
}

/**
 * The rule as a sentence with its list, behind a heading that opens.
 *
 * @param {string} title
 * @param {{lead: string, items: Array<string | [string, any[]]>, note: string}} rule
 * @returns {HTMLElement}
 */
function ruleBox(title, { lead, items, note }) {
  const box = element("details", "");
  box.append(element("summary", "", title), paragraph(lead));
  if (items.length) box.append(bulletList(items));
  if (note) box.append(element("p", "qa-legend-note", note));
  return box;
}

/**
 * @param {any} atlas
 * @param {number} area
 * @returns {string} the label and the share of the runs that select the area; empty where it is not told
 */
export function stabilityText({ standing, words, lang }, area) {
  const label = standing.stability?.label[area] ?? null;
  if (label === null) return "";
  const share = `${formatNumber(standing.stability.percent[area], 0, lang)}\u202f%`;
  return `${standing.stability.names[label]} (${words.label_p_selected}: ${share})`;
}

/**
 * @param {any} atlas
 * @param {number} area
 * @returns {HTMLElement[]} empty without a need index
 */
export function needParts(atlas, area) {
  const axes = atlas.standing.axes.filter((/** @type {any} */ axis) => columnOf(atlas, axis.id));
  const burdens = atlas.columns.filter((/** @type {any} */ { id }) => id === "burdens");
  const classes = [...axes, ...burdens].flatMap((/** @type {any} */ axis) => {
    const [line, column] = [element("p", "qa-profile-words", `${axis.label}: `), columnOf(atlas, axis.id)];
    line.append(element("strong", "", cellText(atlas, column, area)));
    return [line, ...whyParts(atlas, column, area)];
  });
  const ranks = axes.flatMap((/** @type {any} */ axis) => rankParts(atlas, axis, area));
  const drivers = axes.flatMap((/** @type {any} */ axis) => driverParts(atlas, axis, area));
  if (drivers.length) drivers.push(element("p", "qa-legend-note", atlas.words.drivers_note));
  return [...classes, ...ranks, ...drivers];
}

/**
 * The rank among the shown areas, and where it lies in most of the runs. In public there are no ranks.
 *
 * @param {any} atlas
 * @param {any} axis
 * @param {number} area
 * @returns {HTMLElement[]}
 */
function rankParts(atlas, { label, rank }, area) {
  const place = rank?.place[area] ?? null;
  if (place === null) return [];
  const number = (/** @type {number} */ value) => formatNumber(value, 0, atlas.lang);
  const at = (/** @type {number} */ value) => (100 * (value - 1)) / (rank.of - 1 || 1);
  const [lower, upper] = [rank.lower?.[area] ?? null, rank.upper?.[area] ?? null];
  const known = lower !== null && upper !== null;
  const words = [fillIn(atlas.words.rank_place, { axis: label, rank: number(place), of: number(rank.of) })];
  if (known) words.push(fillIn(atlas.words.rank_interval, { lower: number(lower), upper: number(upper) }));
  const band = known ? [barPart("qa-rank-interval", at(lower), at(upper))] : [];
  return [paragraph(words.join(" ")), hiddenBar("qa-bar qa-rank", [...band, barPart("qa-rank-mark", at(place), at(place))])];
}

/**
 * What each indicator adds to the score of an area, highest first, as numbers with their sign and as bars.
 *
 * @param {any} atlas
 * @param {any} axis
 * @param {number} area
 * @returns {HTMLElement[]}
 */
function driverParts(atlas, { label, drivers, partly }, area) {
  const own = sortedDrivers(drivers, area);
  if (!own.length) return [];
  const parts = drivers.flatMap((/** @type {any} */ driver) => driver.parts);
  const widest = parts.reduce((/** @type {number} */ most, /** @type {number | null} */ part) => Math.max(most, Math.abs(part ?? 0)), 1);
  const list = element("ul", "qa-drivers");
  for (const { driver, part } of own) {
    const column = columnOf(atlas, driver.id);
    const value = column ? ` (${cellText(atlas, column, area)})` : "";
    const line = element("li", "", `${driver.label}${value}: `);
    line.append(element("strong", "", signed(part, atlas.lang)));
    line.append(hiddenBar("qa-bar qa-driver", [barPart(part > 0 ? "qa-driver-up" : "qa-driver-down", 50, 50 + (50 * part) / widest)]));
    list.append(line);
  }
  const note = partly ? [element("p", "qa-muted", atlas.words.drivers_partly)] : [];
  return [element("h4", "", fillIn(atlas.words.heading_drivers, { axis: label })), list, ...note];
}

/**
 * @param {Driver[]} drivers
 * @param {number} area
 * @returns {Array<{driver: Driver, part: number}>} those that are shown for the area, highest first
 */
export function sortedDrivers(drivers, area) {
  return drivers
    .flatMap((driver) => {
      const part = driver.parts[area] ?? null;
      return part === null ? [] : [{ driver, part }];
    })
    .sort((a, b) => b.part - a.part);
}

/**
 * @param {number} part
 * @param {string} lang
 * @returns {string}
 */
function signed(part, lang) {
  return (part > 0 ? "+" : "") + formatNumber(part / TENTHS, 1, lang);
}
