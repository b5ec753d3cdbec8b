// @ts-check
// What is known of one area: how it stands, its indicators beside those of the city, potentials, fields of action, notes.

import { actionParts } from "./actions.js";
import { intervalOf } from "./columns.js";
import { apart, cellText, countsText, element, residentsGap, whyParts } from "./controls.js";
import { fillIn, formatCity, formatNumber, formatValue } from "./format.js";
import { areaParts, areaProfile, areaTime } from "./linked.js";
import { needParts, selectionParts } from "./panel_need.js";
import { barPart, bulletList, columnOf, foldedList, hiddenBar, paragraph } from "./panel_parts.js";

/**
 * @param {any} atlas
 * @param {number | null} area
 * @param {HTMLElement} box
 * @param {() => void} close
 */
export function drawPanel(atlas, area, box, close) {
  box.replaceChildren();
  if (area === null) return;
  const { words } = atlas;
  const button = /** @type {HTMLButtonElement} */ (element("button", "qa-close", "×"));
  button.type = "button";
  button.setAttribute("aria-label", words.button_close);
  button.addEventListener("click", close);
  const notes = atlas.panel.notes[area];
  /** @type {Array<[string, HTMLElement[]]>} */
  const sections = [
    [words.heading_selection, selectionParts(atlas, area)],
    [words.heading_need, [...needParts(atlas, area), ...areaParts(atlas, area)]],
    [words.heading_indicators, indicatorParts(atlas, area)],
    [words.heading_potentials, potentialParts(atlas, area)],
    [words.heading_actions, actionParts(atlas, area)],
    [atlas.measures?.label, apart(atlas)?.measureParts(atlas, area) ?? []],
    [words.heading_remarks, notes ? [bulletList(notes)] : []],
  ];
  const filled = sections.filter(([, parts]) => parts.length);
  const headings = filled.map(([title]) => element("h3", "", title));
  const editing = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#qa-totals h3")]); // stands below the panel
  box.append(button, element("h2", "qa-area-name", atlas.areas.names[area]), ...whereAndWho(atlas, area));
  box.append(...areaProfile(atlas, area), jumps([...headings, ...editing], words.panel_parts), ...areaTime(atlas, area));
  filled.forEach(([, parts], number) => box.append(headings[number], ...parts));
  const meaning = new Map(atlas.columns.map((/** @type {any} */ column) => [column.id, column.definition]));
  const definitions = atlas.panel.indicators.map((/** @type {any} */ { id, note }) => note ?? meaning.get(id)).filter(Boolean);
  if (definitions.length) box.append(foldedList(words.heading_footnotes, definitions));
}

/**
 * @param {any} atlas
 * @param {number} area
 * @returns {HTMLElement[]} key, parents and residents
 */
function whereAndWho(atlas, area) {
  const { areas, words, lang } = atlas;
  const place = [areas.keys[area], ...areas.parents.map((/** @type {string[]} */ p) => p[area])].join(" · ");
  const people = areas.residents[area];
  if (people !== null) return [element("p", "qa-muted", place), paragraph(fillIn(words.residents_count, { count: formatNumber(people, 0, lang) }))];
  const why = residentsGap(atlas, area);
  const parts = why === "protected" ? [paragraph(words.profile_residents_hidden), element("p", "qa-muted qa-why", words.why_protected)] : [paragraph(words[`gap_${why}`])];
  return [element("p", "qa-muted", place), ...parts];
}

/**
 * Buttons that lead to the sections, so that what stands far below is in sight from the start.
 *
 * @param {HTMLElement[]} headings
 * @param {string} label
 * @returns {HTMLElement}
 */
function jumps(headings, label) {
  const box = element("nav", "qa-jumps");
  box.setAttribute("aria-label", label);
  for (const heading of headings) {
    heading.tabIndex = -1;
    const button = /** @type {HTMLButtonElement} */ (element("button", "", heading.textContent ?? ""));
    button.type = "button";
    button.addEventListener("click", () => {
      heading.scrollIntoView({ block: "start" });
      heading.focus({ preventScroll: true });
    });
    box.append(button);
  }
  return box;
}

/**
 * @param {any} atlas
 * @param {number} area
 * @returns {HTMLElement[]} the indicators that are no potentials, by domain
 */
function indicatorParts(atlas, area) {
  const columns = indicatorsOf(atlas, false);
  const why = commonGap(columns, area);
  if (why) return [paragraph(fillIn(atlas.words.profile_hidden, { why: atlas.words[`gap_${why}`] }))];
  const parts = [...new Set(columns.map((column) => column.domain))].flatMap((domain) => [
    element("h4", "", domain),
    ...columns.filter((column) => column.domain === domain).map((column) => profileRow(atlas, column, area)),
  ]);
  return parts.length ? [...parts, element("p", "qa-legend-note", atlas.words.profile_note)] : [];
}

const OF_AREA = ["small_area", "unknown_residents", "uninhabited"];

/**
 * @param {any[]} columns
 * @param {number} area
 * @returns {string | undefined} why the area has no value in any column at any date, where the area itself is the reason
 */
function commonGap(columns, area) {
  const cells = columns.flatMap((column) => [column, ...column.years.filter(Boolean)]);
  const [gap, ...others] = new Set(cells.map(({ values, gaps }) => (values[area] === null ? gaps[area] : undefined)));
  return others.length || !OF_AREA.includes(gap) ? undefined : gap;
}

/**
 * @param {any} atlas
 * @param {number} area
 * @returns {HTMLElement[]} what is there to build on; that nothing is known is said
 */
function potentialParts(atlas, area) {
  const parts = indicatorsOf(atlas, true).map((column) => profileRow(atlas, column, area));
  const places = atlas.facilities
    .filter((/** @type {any} */ place) => place.areas.includes(area))
    .map((/** @type {any} */ place) => [place.kind, place.name].filter(Boolean).join(" – "))
    .sort(new Intl.Collator(atlas.lang).compare);
  if (places.length) parts.push(paragraph(atlas.words.potentials_facilities), bulletList(places));
  return parts.length ? parts : [paragraph(atlas.words.potentials_none)];
}

/**
 * @param {any} atlas
 * @param {boolean} resource
 * @returns {any[]} columns in the order of the domains
 */
function indicatorsOf(atlas, resource) {
  return atlas.panel.indicators
    .filter((/** @type {any} */ indicator) => indicator.resource === resource)
    .map((/** @type {any} */ indicator) => columnOf(atlas, indicator.id));
}

/**
 * @param {any} atlas
 * @param {any} column
 * @param {number} area
 * @returns {HTMLElement}
 */
function profileRow(atlas, column, area) {
  const row = element("div", "qa-profile");
  const words = element("div", "qa-profile-words", `${column.label}: `);
  words.append(element("strong", "", cellText(atlas, column, area)));
  if (column.city !== null) {
    words.append(element("span", "qa-muted", ` (${fillIn(atlas.words.legend_city, { value: formatCity(column, atlas.lang) })})`));
  }
  row.append(words, ...whyParts(atlas, column, area));
  const dates = otherDates(atlas, column, area);
  if (dates) row.append(element("div", "qa-muted qa-dates", dates));
  if (column.values[area] === null) return row;
  const interval = intervalOf(column, area);
  row.append(bar(column, area, interval));
  const below = [countsText(atlas, column, area)].filter(Boolean);
  if (interval) {
    const lower = formatNumber(interval[0], column.decimals, atlas.lang);
    below.push(fillIn(atlas.words.profile_interval, { lower, upper: formatValue(interval[1], column, atlas.lang) }));
  }
  if (below.length) row.append(element("div", "qa-muted", below.join("; ")));
  return row;
}

/**
 * @param {any} atlas
 * @param {any} column
 * @param {number} area
 * @returns {string} what the area shows at the other dates, the earliest first; empty where there are none
 */
function otherDates(atlas, column, area) {
  const found = atlas.times.flatMap((/** @type {any} */ { year }, /** @type {number} */ number) =>
    number === atlas.shown || !column.years[number] ? [] : [`${year}: ${cellText(atlas, { ...column, ...column.years[number] }, area)}`],
  );
  return found.reverse().join(" · ");
}

/**
 * A bar from 0 to the value, with the city value and the interval as marks; the words beside it say the same.
 *
 * @param {any} column
 * @param {number} area
 * @param {[number, number] | null} interval
 * @returns {HTMLElement}
 */
function bar(column, area, interval) {
  const known = column.values.filter((/** @type {number | null} */ v) => v !== null);
  const extremes = known.reduce((/** @type {number[]} */ [low, high], /** @type {number} */ v) => [Math.min(low, v), Math.max(high, v)], [0, 0]);
  const [lowest, highest] = [extremes[0], Math.max(extremes[1], column.city ?? 0)];
  const at = (/** @type {number} */ value) => (100 * (Math.min(value, highest) - lowest)) / (highest - lowest || 1);
  const parts = [barPart("qa-bar-value", at(0), at(column.values[area]))];
  if (interval) parts.push(barPart("qa-bar-interval", at(interval[0]), at(interval[1])));
  if (column.city !== null) parts.push(barPart("qa-bar-city", at(column.city), at(column.city)));
  return hiddenBar("qa-bar", parts);
}
