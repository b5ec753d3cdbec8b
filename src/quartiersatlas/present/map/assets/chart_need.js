// @ts-check
// Charts of need, as in present/pictures/of_need.py: how sure the selection is, what lifts the scores, who changed the
// class.

import { INKS, mark, record, roundAxis, rowAxis, said, speaker } from "./chart_model.js";
import { formatNumber } from "./format.js";

const MOST_NAMED = 24;
const PART_COLORS = ["#3b528b", "#e6a117", "#21918c", "#9c4f96", "#7a7a7a", "#b35806"];
const OTHER_PARTS = "#cfcfcf";
const MOVES = { same: [140, 140, 140], rising: [224, 130, 20], falling: [123, 94, 167] };

/** @typedef {import("./chart_model.js").Picture} Picture */

/**
 * In which share of the runs areas are selected; null where that is not released.
 *
 * @param {any} atlas
 * @param {number | null} area
 * @returns {Picture | null}
 */
export function certaintyChart(atlas, area) {
  const found = atlas.standing.stability;
  if (!found) return null;
  const { lang } = atlas;
  const say = speaker(atlas);
  const percent = (/** @type {number} */ share) => {
    const rounded = Math.round(1000 * share) / 10;
    return `${formatNumber(rounded, Number.isInteger(rounded) ? 0 : 1, lang)}${lang === "de" ? "\u202f" : ""}%`;
  };
  const share = (/** @type {number} */ one) => found.percent[one] / 100;
  const words = (/** @type {number} */ one) => `${percent(share(one))} ${found.names[found.label[one]]}`;
  const known = atlas.areas.keys.flatMap((/** @type {string} */ _, /** @type {number} */ one) => (found.percent[one] === null ? [] : [one]));
  const asked = known.filter((/** @type {number} */ one) => found.label[one] < 2 || atlas.isSelected.has(one));
  const far = (/** @type {number} */ one) => Math.abs(share(one) - 0.5);
  const kept = [...asked].sort((a, b) => far(a) - far(b)).slice(0, MOST_NAMED).sort((a, b) => share(b) - share(a));
  const marks = [
    mark("bar", { x0: 100 * found.limits[0], x1: 100 * found.limits[1], y0: -0.6, y1: Math.max(kept.length, 1) - 0.4, fill: "#f0eee3" }),
    ...found.limits.map((/** @type {number} */ limit) => mark("vrule", { x: 100 * limit, text: percent(limit), stroke: INKS.quiet, dash: [3, 2] })),
  ];
  kept.forEach((one, y) => {
    const [ink, x] = [one === area ? INKS.accent : INKS.ink, 100 * share(one)];
    marks.push(mark("line", { points: [[0, y], [x, y]], stroke: one === area ? ink : INKS.faint, width: 1.6 }));
    marks.push(mark("dot", { x, y, r: 4, fill: atlas.isSelected.has(one) ? ink : INKS.paper, stroke: ink, width: 1.3, area: atlas.areas.keys[one] }));
  });
  const count = (/** @type {number} */ label) => found.label.filter((/** @type {number | null} */ own, /** @type {number} */ one) => own === label && found.percent[one] !== null).length;
  const more = asked.length > kept.length ? ` ${say("certainty_most", { n: kept.length, all: asked.length })}` : "";
  const names = kept.map((one) => atlas.areas.names[one]);
  const chart = record({
    id: "certainty",
    title: say("certainty"),
    alt: say("certainty_sentence", { n: known.length, sure: count(0), open: count(1) }),
    x: roundAxis(0, 100, say("percent_of_runs"), lang),
    y: rowAxis(names),
    marks,
    note: say("certainty_note", { runs: found.runs }) + more,
    head: [atlas.words.label_area, say("percent_of_runs"), say("certainty_label")],
    rows: kept.map((one, n) => [names[n], percent(share(one)), found.names[found.label[one]]]),
    right: kept.map(words),
    order: kept.map((one) => atlas.areas.keys[one]),
    height: 0.12 + 0.032 * Math.max(kept.length, 2),
  });
  return { chart, members: new Map(), says: (one) => (found.label[one] === null ? "" : words(one)) };
}

/**
 * What the released indicators add to the scores of the first axis, in whole tenths; null where there is nothing.
 *
 * @param {any} atlas
 * @param {number[] | null} areas the selected ones as they are listed, if not given
 * @returns {Picture | null}
 */
export function contributionsChart(atlas, areas) {
  const axis = atlas.standing.axes.find((/** @type {any} */ { drivers }) => drivers.length);
  if (!axis) return null;
  const say = speaker(atlas);
  const scored = atlas.areas.keys.map((/** @type {string} */ _, /** @type {number} */ one) => one).filter((/** @type {number} */ one) => axis.drivers.some((/** @type {any} */ { parts }) => parts[one] !== null));
  const sum = (/** @type {number} */ one) => axis.drivers.reduce((/** @type {number} */ all, /** @type {any} */ { parts }) => all + (parts[one] ?? 0), 0);
  /** @type {number[]} */
  const keys = (areas ?? atlas.standing.listed).filter((/** @type {number} */ one) => scored.includes(one));
  if (!keys.length) return null;
  const columns = mostMoving(axis.drivers, say);
  const table = keys.map((one) => columns.map(({ parts }) => (parts[one] ?? 0) / 10));
  const signed = (/** @type {number} */ value) => {
    const written = formatNumber(value, 1, atlas.lang);
    return value > 0 && /[^0,.]/.test(written) ? `+${written}` : written;
  };
  const marks = [mark("vrule", { x: 0, stroke: INKS.ink })];
  const sums = table.map((row) => row.reduce((all, value) => all + value, 0));
  table.forEach((row, y) => marks.push(...stackedBars(row, y, columns, atlas.areas.keys[keys[y]])));
  const isPartly = (/** @type {number} */ one) => axis.partly || axis.drivers.some((/** @type {any} */ { parts }) => parts[one] === null);
  keys.forEach((one, y) => {
    const look = isPartly(one) ? { r: 3.6, fill: INKS.paper, stroke: INKS.ink, width: 1.6 } : { r: 4, fill: INKS.ink, stroke: INKS.paper, width: 1.2 };
    marks.push(mark("dot", { x: sums[y], y, ...look, area: atlas.areas.keys[one] }));
  });
  const sides = [Math.min, Math.max].map((side, n) => {
    const totals = table.map((row) => row.reduce((all, value) => all + side(value, 0), 0));
    return n ? Math.max(...totals) : Math.min(...totals);
  });
  const room = 0.04 * (sides[1] - sides[0]) || 0.5;
  const names = keys.map((one) => atlas.areas.names[one]);
  const sentences = table.map((row, n) => {
    const most = row.indexOf(Math.max(...row));
    return say("contributions_sentence", { area: names[n], score: signed(sums[n]), indicator: columns[most].label, part: signed(row[most]) });
  });
  const partly = keys.some(isPartly) ? ` ${atlas.words.drivers_partly}` : "";
  const chart = record({
    id: "contributions",
    title: say("contributions", { axis: axis.label }),
    alt: sentences.join(" "),
    x: roundAxis(sides[0] - room, sides[1] + room, say("score_beside_mean"), atlas.lang, { grid: true }),
    y: rowAxis(names),
    marks,
    note: say("contributions_note", { n: keys.length, all: scored.length }) + partly,
    head: [atlas.words.label_area, ...columns.map(({ label }) => label), say("sum")],
    rows: table.map((row, n) => [names[n], ...row.map(signed), signed(sums[n])]),
    right: sums.map(signed),
    key: columns.map(({ color, label }) => [color, label]),
    order: keys.map((one) => atlas.areas.keys[one]),
    height: 0.12 + 0.04 * Math.max(keys.length, 2),
  });
  return { chart, members: new Map(), says: (one) => signed(sum(one) / 10) };
}

/**
 * @param {any[]} drivers
 * @param {ReturnType<typeof speaker>} say
 * @returns {Array<{label: string, color: string, parts: Array<number | null>}>} six at most: of more, the others together
 */
function mostMoving(drivers, say) {
  const named = (/** @type {any[]} */ kept) => kept.map((driver, n) => ({ ...driver, color: PART_COLORS[n] }));
  if (drivers.length <= PART_COLORS.length) return named(drivers);
  const weight = (/** @type {any} */ { parts }) => parts.reduce((/** @type {number} */ all, /** @type {number | null} */ part) => all + Math.abs(part ?? 0), 0);
  const heavy = new Set([...drivers].sort((a, b) => weight(b) - weight(a)).slice(0, PART_COLORS.length - 1));
  const rest = drivers.filter((driver) => !heavy.has(driver));
  const parts = rest[0].parts.map((/** @type {any} */ _, /** @type {number} */ one) => rest.reduce((all, driver) => all + (driver.parts[one] ?? 0), 0));
  return [...named(drivers.filter((driver) => heavy.has(driver))), { label: say("other_indicators", { n: rest.length }), color: OTHER_PARTS, parts }];
}

/**
 * @param {number[]} row
 * @param {number} y
 * @param {Array<{color: string}>} columns
 * @param {string} area
 * @returns {any[]} parts above 0 to the right, one after the other, those below to the left
 */
function stackedBars(row, y, columns, area) {
  const marks = [];
  let [right, left] = [0, 0];
  for (const [n, value] of row.entries()) {
    if (!value) continue;
    const x0 = value > 0 ? right : left;
    const x1 = x0 + value;
    if (value > 0) right = x1;
    else left = x1;
    marks.push(mark("bar", { x0, x1, y0: y - 0.33, y1: y + 0.33, fill: columns[n].color, stroke: INKS.paper, width: 0.5, area }));
  }
  return marks;
}

/**
 * Areas by their class of need at two dates; null where one of them has no classes.
 *
 * @param {any} atlas
 * @param {number} year the number of the earlier date
 * @returns {Picture | null}
 */
export function classMoves(atlas, year) {
  const column = atlas.columns.find((/** @type {any} */ { id }) => id === atlas.standing.axes[0]?.id);
  if (!column?.years[0] || !column.years[year]) return null;
  const say = speaker(atlas);
  const [later, before] = [column.years[0].values, column.years[year].values];
  const n = column.classes.length;
  /** @type {number[][][]} */
  const cells = Array.from({ length: n }, () => Array.from({ length: n }, () => []));
  let without = 0;
  later.forEach((/** @type {number | null} */ now, /** @type {number} */ area) => {
    if (now === null || before[area] === null) without++;
    else cells[before[area]][now].push(area);
  });
  const residents = atlas.times[0].residents;
  const counts = cells.map((row) => row.map((inside) => inside.length));
  const most = Math.max(1, ...counts.flat());
  const [marks, members] = [/** @type {any[]} */ ([]), new Map()];
  cells.forEach((row, i) =>
    row.forEach((inside, j) => {
      const people = inside.map((area) => residents[area]);
      const parts = square(i, j, inside.length, most, people.includes(null) ? null : people.reduce((all, one) => all + one, 0), say, atlas.lang);
      members.set(parts[0], inside);
      marks.push(...parts);
    }),
  );
  cells.forEach((_, i) => marks.push(ruled(i)));
  const all = counts.flat().reduce((sum, count) => sum + count, 0);
  const stayed = counts.reduce((sum, row, i) => sum + row[i], 0);
  const rising = counts.reduce((sum, row, i) => sum + row.slice(i + 1).reduce((a, b) => a + b, 0), 0);
  const alt = say("transition_sentence", { n: all, stayed, rising, falling: all - stayed - rising });
  const [first, last] = [`${say("earlier")}: ${atlas.times[year].year}`, `${say("later")}: ${atlas.times[0].year}`];
  const side = { low: -0.5, high: n - 0.5, bands: column.classes };
  const chart = record({
    id: "transition",
    title: say("transition"),
    alt,
    x: said({ ...side, label: last }),
    y: said({ ...side, label: first, down: true }),
    marks,
    note: [alt, say("relative"), ...(without ? [say("without_class", { n: without })] : [])].join(" "),
    head: [first, ...column.classes],
    rows: counts.map((row, i) => [column.classes[i], ...row.map((count) => formatNumber(count, 0, atlas.lang))]),
    key: [[paler(MOVES.same, 0.75), say("same")], [paler(MOVES.rising, 0.75), say("rising")], [paler(MOVES.falling, 0.75), say("falling")]],
    height: 0.16 + 0.07 * n,
  });
  return { chart, members, says: () => "" };
}

/**
 * @param {number} i
 * @returns {any} the frame of a cell of the diagonal
 */
function ruled(i) {
  const corners = [[i - 0.48, i - 0.46], [i + 0.48, i - 0.46], [i + 0.48, i + 0.46], [i - 0.48, i + 0.46]];
  return mark("line", { points: [...corners, corners[0]], stroke: INKS.ink, width: 1.2 });
}

/**
 * @param {number} i
 * @param {number} j
 * @param {number} count
 * @param {number} most
 * @param {number | null} people
 * @param {ReturnType<typeof speaker>} say
 * @param {string} lang
 * @returns {any[]} a cell, the darker the more areas, with its count and, where they are known, its residents
 */
function square(i, j, count, most, people, say, lang) {
  const color = i === j ? MOVES.same : j > i ? MOVES.rising : MOVES.falling;
  const strength = count ? 0.18 + 0.6 * (count / most) ** 0.5 : 0;
  const look = { fill: count ? INKS.ink : INKS.quiet, halo: false };
  const cell = { x0: j - 0.48, x1: j + 0.48, y0: i - 0.46, y1: i + 0.46, fill: paler(color, strength), stroke: paler(color, 0.3), width: 0.6 };
  const withPeople = people !== null && count > 0;
  const marks = [mark("bar", cell), mark("text", { x: j, y: i, text: formatNumber(count, 0, lang), size: 10, bold: count > 0, dy: withPeople ? -4 : 0, ...look })];
  if (withPeople) marks.push(mark("text", { x: j, y: i, text: say("residents", { n: people }), size: 6.5, dy: 5, ...look }));
  return marks;
}

/**
 * @param {number[]} color
 * @param {number} strength
 * @returns {string}
 */
function paler(color, strength) {
  const hex = (/** @type {number} */ part) => {
    const value = 255 + strength * (part - 255);
    const rounded = value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value); // halves to the even number
    return rounded.toString(16).padStart(2, "0");
  };
  return `#${color.map(hex).join("")}`;
}
