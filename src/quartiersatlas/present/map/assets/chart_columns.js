// @ts-check
// Charts of indicators, as in present/pictures/of_columns.py: distribution, development, one area beside its city, two
// indicators together.

import { cellClass, classOf } from "./classes.js";
import { intervalOf, roundHalfEven } from "./columns.js";
import { countAxis, extent, indicatorOf, INKS, mark, measureOf, quantile, record, rising, roundAxis, rowAxis, said, speaker, spread } from "./chart_model.js";
import { formatNumber } from "./format.js";

const BINS = 24;
const SIGN = 6; // letters: a longer unit is a word
const FEW = 8; // values below which each stands as a named dot
const NO_CLASS = "#7f97b5";
const MOST_LINES = 150; // areas above which grey lines are a wall
const MOST_DOTS = 2000;
const MOST_MARKED = 400; // more dots above the cells hide them
const SQUARES = 40; // of the two-dimensional bins, along each axis
const BLUE = { line: "#2c7fb8", diamond: "#1a6faf" };

/** @typedef {import("./chart_model.js").Picture} Picture */

/**
 * @param {any} column
 * @returns {number[]} the areas with a value
 */
function knownAreas(column) {
  return column.values.flatMap((/** @type {number | null} */ value, /** @type {number} */ area) => (value === null ? [] : [area]));
}

/**
 * @param {any} atlas
 * @param {number | null} area
 * @returns {string} its key
 */
function keyOf(atlas, area) {
  return area === null ? "" : atlas.areas.keys[area];
}

/**
 * @param {any} column
 * @param {number} area
 * @returns {string} the colour of its class
 */
function classColor(column, area) {
  const cell = cellClass(column, area);
  return typeof cell === "number" ? column.colors[cell] : NO_CLASS;
}

/**
 * @param {any} atlas
 * @param {number} shown
 * @returns {string} how many of the areas are shown
 */
function shownNote(atlas, shown) {
  const all = atlas.areas.keys.length;
  return speaker(atlas)(shown === all ? "shown_all" : "shown", { n: shown, all });
}

/**
 * How the values of a column are spread over the areas: bars stacked by class, or named dots where they are few.
 *
 * @param {any} atlas
 * @param {any} column
 * @param {string[]} labels of its classes
 * @param {number | null} area
 * @returns {Picture}
 */
export function histogram(atlas, column, labels, area) {
  const say = speaker(atlas);
  const measure = measureOf(atlas, column);
  const known = knownAreas(column);
  const value = (/** @type {number} */ one) => column.values[one];
  const order = [...known].sort((a, b) => value(a) - value(b));
  const sorted = order.map(value);
  const cells = known.map((one) => cellClass(column, one));
  const few = known.length < FEW;
  const members = new Map();
  const falling = few ? [...known].sort((a, b) => value(b) - value(a)) : [];
  const drawn = few ? namedDots(atlas, column, measure, falling, area) : bars(atlas, column, measure, known, cells, members, area);
  let alt = say("nothing", { label: measure.label });
  if (known.length) {
    const [low, q1, q3, high] = [0, 0.25, 0.75, 1].map((share) => measure.write(quantile(sorted, share)));
    alt = say("range", { label: measure.label, n: known.length, low, high });
    if (!few) alt += ` ${say("quartiles", { low: q1, high: q3 })}`;
    if (column.city !== null) alt += ` ${say("city_sentence", { value: measure.writeCity(column.city) })}`;
  }
  let note = shownNote(atlas, known.length);
  if (area !== null && value(area) !== null && !few && sorted[0] < sorted[sorted.length - 1]) {
    note += ` ${say("triangle", { area: atlas.areas.names[area], value: measure.write(value(area)) })}`;
  }
  const chart = record({
    id: "histogram",
    title: say("histogram", { label: measure.title }),
    alt,
    ...drawn,
    note,
    head: [say("class"), atlas.words.label_areas, atlas.words.label_residents],
    rows: labels.map((label, cell) => classRow(atlas, label, known.filter((_, n) => cells[n] === cell), measure)),
    right: few ? falling.map((one) => measure.write(value(one))) : [],
    order: order.map((one) => keyOf(atlas, one)),
    height: few ? 0.12 + 0.045 * Math.max(known.length, 1) : 0.42,
  });
  return { chart, members, says: (one) => measure.write(value(one)) };
}

/**
 * @param {any} atlas
 * @param {string} label
 * @param {number[]} inside
 * @param {ReturnType<typeof measureOf>} measure
 * @returns {string[]} the areas of a class, and its residents where those of all its areas are known
 */
function classRow(atlas, label, inside, measure) {
  const people = inside.map((area) => atlas.areas.residents[area]);
  const persons = people.includes(null) ? measure.write(null) : formatNumber(people.reduce((sum, n) => sum + n, 0), 0, atlas.lang);
  return [label, formatNumber(inside.length, 0, atlas.lang), persons];
}

/**
 * @param {any} atlas
 * @param {any} column
 * @param {ReturnType<typeof measureOf>} measure
 * @param {any} [more]
 * @returns {any[]} the line of the city with its value
 */
function cityRule(atlas, { city }, measure, more = { stroke: INKS.ink, width: 1.4 }) {
  return city === null ? [] : [mark("vrule", { x: city, text: speaker(atlas)("city", { value: measure.writeCity(city) }), ...more })];
}

/**
 * @param {any} atlas
 * @param {any} column
 * @param {ReturnType<typeof measureOf>} measure
 * @param {number[]} known
 * @param {Array<number | string>} cells their classes
 * @param {Map<any, number[]>} members
 * @param {number | null} area
 */
function bars(atlas, column, measure, known, cells, members, area) {
  const values = known.map((one) => column.values[one]);
  const [least, high] = extent(values);
  const low = Math.min(0, least);
  const step = (high - low) / BINS;
  if (least === high || step < 1e-300) {
    const fill = classColor(column, known[0]);
    const bar = mark("bar", { x0: least - 0.05, x1: least + 0.05, y0: 0, y1: known.length, fill, stroke: INKS.ink, width: 0.3 });
    members.set(bar, known);
    const x = said({ low: least - 0.5, high: least + 0.5, label: measure.title, ticks: [[least, formatNumber(least, measure.decimals, atlas.lang)]] });
    return { x, y: countAxis(1.18 * known.length, atlas.words.label_areas, atlas.lang), marks: [bar] };
  }
  const places = values.map((value) => Math.min(Math.trunc((value - low) / step), BINS - 1));
  const tops = Array(BINS).fill(0);
  const marks = [];
  const groups = Array.from({ length: BINS * column.colors.length }, () => /** @type {number[]} */ ([]));
  known.forEach((one, n) => groups[Number(cells[n]) * BINS + places[n]].push(one));
  for (const [cell, fill] of column.colors.entries()) {
    for (let place = 0; place < BINS; place++) {
      const inside = groups[cell * BINS + place];
      if (!inside.length) continue;
      const x0 = low + step * place;
      const bar = mark("bar", { x0, x1: x0 + step, y0: tops[place], y1: tops[place] + inside.length, fill, stroke: INKS.ink, width: 0.3 });
      members.set(bar, inside);
      marks.push(bar);
      tops[place] += inside.length;
    }
  }
  const most = Math.max(...tops);
  const own = area === null ? -1 : known.indexOf(area);
  if (own >= 0) {
    const y = tops[places[own]] + 0.07 * most;
    marks.push(mark("dot", { x: low + step * (places[own] + 0.5), y, shape: "triangle", fill: INKS.accent, r: 4, area: keyOf(atlas, area) }));
  }
  if (low < 0) marks.push(mark("vrule", { x: 0, stroke: INKS.faint }));
  const x = roundAxis(Math.min(low, column.city ?? low), Math.max(high, column.city ?? high), measure.title, atlas.lang, { most: 6 });
  return { x, y: countAxis(1.18 * most, atlas.words.label_areas, atlas.lang), marks: [...marks, ...cityRule(atlas, column, measure)] };
}

/**
 * @param {any} atlas
 * @param {any} column
 * @param {ReturnType<typeof measureOf>} measure
 * @param {number[]} falling the areas, the highest value first
 * @param {number | null} area
 */
function namedDots(atlas, column, measure, falling, area) {
  const dots = falling.map((one, y) => {
    const look = one === area ? { stroke: INKS.accent, width: 2.4 } : { stroke: INKS.ink, width: 0.8 };
    return mark("dot", { x: column.values[one], y, r: 4, fill: classColor(column, one), ...look, area: keyOf(atlas, one) });
  });
  const ends = spread([...falling.map((one) => column.values[one]), column.city]);
  const y = rowAxis(falling.map((one) => atlas.areas.names[one]));
  return { x: roundAxis(...ends, measure.title, atlas.lang, { most: 6 }), y, marks: [...cityRule(atlas, column, measure), ...dots] };
}

/**
 * @param {string} date "31.12.2024", "2024-12-31" or "2024", which is its last day
 * @returns {Date | null}
 */
export function dayOf(date) {
  const words = date.trim();
  const [, day, month, year] = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(words) ?? [];
  const iso = year ? `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}` : /^\d{4}$/.test(words) ? `${words}-12-31` : words;
  if (!/^\d{4}-\d\d(-\d\d)?$/.test(iso)) return null;
  const found = new Date(`${iso}T00:00Z`.replace(/^(\d{4}-\d\d)T/, "$1-01T"));
  return Number.isNaN(found.getTime()) || !found.toISOString().startsWith(iso) ? null : found;
}

/**
 * A column over the dates, on true dates; null where it is known at one date only, or a date is none.
 *
 * @param {any} atlas
 * @param {any} column
 * @param {number | null} area
 * @returns {Picture | null}
 */
export function timeLine(atlas, column, area) {
  const dates = atlas.times.map((/** @type {any} */ time, /** @type {number} */ n) => ({ day: dayOf(time.year), cells: column.years[n] })).filter((/** @type {any} */ { cells }) => cells);
  if (dates.length < 2 || dates.some((/** @type {any} */ { day }) => !day)) return null;
  dates.sort((/** @type {any} */ a, /** @type {any} */ b) => a.day - b.day);
  const days = dates.map((/** @type {any} */ { day }) => day / 86400000 + 719163); // days since the year 1
  if (days.some((/** @type {number} */ day, /** @type {number} */ n) => n && day <= days[n - 1])) return null;
  const fewest = Math.min(...dates.map((/** @type {any} */ { cells }) => cells.cityDecimals));
  const [say, measure] = [speaker(atlas), measureOf(atlas, column, fewest)];
  const table = atlas.areas.keys.map((/** @type {string} */ _, /** @type {number} */ one) => dates.map((/** @type {any} */ { cells }) => cells.values[one]));
  const lines = courses(atlas, column, dates, table, area, measure);
  const others = table.flatMap((/** @type {any} */ row, /** @type {number} */ one) => (one === area ? [] : [{ row, key: keyOf(atlas, one) }]));
  const marks = greyLines(others, days);
  const bounds = area === null ? [] : dates.map((/** @type {any} */ { cells }) => (cells.values[area] === null ? null : intervalOf({ ...cells, per: column.per }, area)));
  const drawn = marks.flatMap((line) => line.points.flatMap((/** @type {any} */ point) => (point ? [point[1]] : [])));
  const ends = spread([...drawn, ...bounds.flat(), ...lines.flatMap(({ values }) => values)], 0.4);
  bounds.forEach((/** @type {any} */ pair, /** @type {number} */ n) => {
    if (pair) marks.push(mark("line", { points: pair.map((/** @type {number} */ y) => [days[n], y]), stroke: INKS.accent, width: 7, opacity: 0.22 }));
  });
  const places = apart(lines, ends);
  lines.forEach((line, n) => marks.push(...courseMarks(line, days, places[n])));
  const hidden = table.flat().filter((/** @type {number | null} */ value) => value === null).length;
  const written = writtenDates(dates.map((/** @type {any} */ { day }) => day), atlas.lang);
  const notes = others.length ? [say(others.length > MOST_LINES ? "grey_bands" : "grey_lines", { n: others.length })] : [];
  const sentences = [...lines].reverse().map(({ name, words }) => `${name}: ${words.map((word, n) => `${written[n]}: ${word}`).join(", ")}.`);
  const span = days[days.length - 1] - days[0];
  const chart = record({
    id: "time_line",
    title: say("time_line", { label: measure.label }),
    alt: `${measure.label}. ${sentences.join(" ")}`,
    x: said({ low: days[0] - 0.02 * span, high: days[days.length - 1], ticks: roomyDates(days, written, span) }),
    y: roundAxis(...ends, measure.title, atlas.lang, { grid: true }),
    marks,
    note: [...notes, ...(hidden ? [say("gaps", { n: hidden })] : [])].join(" "),
    head: [atlas.words.label_areas, ...written],
    rows: lines.map(({ name, words }) => [name, ...words]),
    height: 0.45,
  });
  return { chart, members: new Map(), says: (one) => table[one].map(measure.write).join(" → ") };
}

/**
 * @typedef {object} Course a line that is named
 * @property {string} name
 * @property {Array<number | null>} values
 * @property {string[]} words
 * @property {string} color
 * @property {number} width
 * @property {number[]} [dash]
 * @property {string} [area]
 */

/**
 * @param {any} atlas
 * @param {any} column
 * @param {any[]} dates
 * @param {Array<Array<number | null>>} table
 * @param {number | null} area
 * @param {ReturnType<typeof measureOf>} measure
 * @returns {Course[]} city, district and area, the most important one last
 */
function courses(atlas, column, dates, table, area, measure) {
  /** @type {Course[]} */
  const found = [];
  const add = (/** @type {string} */ name, /** @type {Array<number | null>} */ values, /** @type {any} */ look, write = measure.write) => {
    if (values.some((value) => value !== null)) found.push({ name, values, words: values.map(write), ...look });
  };
  const values = dates.map(({ cells }) => cells.city);
  add(atlas.words.label_city, values, { color: INKS.ink, width: 1.4, dash: [4, 2.5] }, measure.writeCity);
  if (area === null) return found;
  const district = atlas.areas.parents[0]?.[area];
  if (district != null) add(district, dates.map(({ cells }) => districtValue(atlas, cells, column.per, area)), { color: BLUE.line, width: 1.4 });
  const words = dates.map(({ cells }, n) => (table[area][n] === null ? atlas.words[`gap_${cells.gaps[area] ?? "missing"}`] : measure.write(table[area][n])));
  found.push({ name: atlas.areas.names[area], values: table[area], words, color: INKS.accent, width: 2.2, area: keyOf(atlas, area) });
  return found;
}

/**
 * @param {any} atlas
 * @param {{values: Array<number | null>, numerator?: any, denominator?: any, decimals: number}} cells
 * @param {number | undefined} per
 * @param {number} area
 * @returns {number | null} the rate over its district; null where one area of it shows none
 */
export function districtValue(atlas, { values, numerator, denominator, decimals }, per, area) {
  const parents = atlas.areas.parents[0];
  if (!numerator || !per || parents?.[area] == null) return null;
  let [x, n] = [0, 0];
  for (const [other, parent] of parents.entries()) {
    if (parent !== parents[area]) continue;
    if (values[other] === null || numerator[other] === null || denominator[other] === null) return null;
    x += numerator[other];
    n += denominator[other];
  }
  return n > 0 ? roundHalfEven((x / n) * per * 10 ** decimals) / 10 ** decimals : null;
}

/**
 * @param {Array<{row: Array<number | null>, key: string}>} others
 * @param {number[]} days
 * @returns {any[]} the other areas: grey lines, or bands where they are many
 */
function greyLines(others, days) {
  if (others.length <= MOST_LINES) {
    return others.map(({ row, key }) => mark("line", { points: row.map((y, n) => (y === null ? null : [days[n], y])), stroke: INKS.faint, width: 0.8, area: key }));
  }
  const sorted = days.map((_, n) => rising(/** @type {number[]} */ (others.map(({ row }) => row[n]).filter((y) => y !== null))));
  /** @type {number[][]} dates with values, those that follow each other together */
  const runs = [];
  sorted.forEach((values, n) => {
    if (!values.length) return;
    if (n && sorted[n - 1].length) runs[runs.length - 1].push(n);
    else runs.push([n]);
  });
  return /** @type {Array<[number, number, string]>} */ ([[0.1, 0.9, "#e4e4e4"], [0.25, 0.75, "#cfcfcf"]]).flatMap(([low, high, fill]) =>
    runs.map((run) => {
      const side = (/** @type {number} */ share) => run.map((n) => [days[n], quantile(sorted[n], share)]);
      return mark("line", { points: [...side(low), ...side(high).reverse()], fill });
    }),
  );
}

/**
 * @param {Course} line
 * @param {number[]} days
 * @param {number | undefined} place of its words
 * @returns {any[]}
 */
function courseMarks({ name, values, words, color, width, dash = [], area }, days, place) {
  const points = values.map((y, n) => (y === null ? null : [days[n], y]));
  const marks = [mark("line", { points, stroke: color, width, dash, area })];
  for (const point of points) if (point) marks.push(mark("dot", { x: point[0], y: point[1], r: 2.6, fill: color, stroke: INKS.paper, width: 0.8, area }));
  if (place !== undefined) {
    const text = `${name} ${words[words.length - 1]}`;
    marks.push(mark("text", { x: days[days.length - 1], y: place, text, dx: 7, anchor: "start", fill: color, bold: true }));
  }
  return marks;
}

/**
 * @param {Course[]} lines
 * @param {[number, number]} ends
 * @returns {Array<number | undefined>} where the words of each line stand, so that none covers another
 */
function apart(lines, ends) {
  /** @type {Array<number | undefined>} */
  const places = lines.map(() => undefined);
  const last = lines.map(({ values }) => values.filter((value) => value !== null).at(-1));
  const order = lines.map((_, n) => n).filter((n) => last[n] !== undefined);
  let below = -Infinity;
  for (const n of order.sort((a, b) => Number(last[a]) - Number(last[b]))) {
    below = Math.max(Number(last[n]), below + 0.075 * (ends[1] - ends[0]));
    places[n] = below;
  }
  return places;
}

/**
 * @param {Date[]} days
 * @param {string} lang
 * @returns {string[]} the years, where all dates are the same day of it
 */
function writtenDates(days, lang) {
  const iso = days.map((day) => day.toISOString().slice(0, 10));
  if (new Set(iso.map((date) => date.slice(5))).size === 1) return iso.map((date) => date.slice(0, 4));
  return lang === "de" ? iso.map((date) => date.split("-").reverse().join(".")) : iso;
}

/**
 * @param {number[]} days
 * @param {string[]} written
 * @param {number} span
 * @returns {Array<[number, string]>} those that have room, the last one first, backwards
 */
function roomyDates(days, written, span) {
  const room = (0.13 * span * Math.max(...written.map((word) => word.length))) / 6;
  /** @type {Array<[number, string]>} */
  const kept = [];
  for (let n = days.length - 1; n >= 0; n--) if (!kept.length || kept[kept.length - 1][0] - days[n] >= room) kept.push([days[n], written[n]]);
  return kept.reverse();
}

/**
 * @param {any} atlas
 * @returns {any[]} the indicators by which areas are compared: those of need first, context last
 */
export function profileColumns(atlas) {
  const listed = atlas.panel.indicators.filter((/** @type {any} */ { profile }) => profile !== undefined);
  return [0, 1, 2].flatMap((rank) => listed.filter((/** @type {any} */ { profile }) => profile === rank)).map(({ id }) => atlas.columns.find((/** @type {any} */ column) => column.id === id));
}

/**
 * An area beside its city: a row per indicator on its own scale; null where there is none.
 *
 * @param {any} atlas
 * @param {number} area
 * @returns {Picture | null}
 */
export function spine(atlas, area) {
  const say = speaker(atlas);
  const rows = profileColumns(atlas).flatMap((column) => {
    const known = rising(knownAreas(column).map((one) => column.values[one]));
    if (!known.length) return [];
    const measure = measureOf(atlas, column);
    const centre = column.city ?? (known[Math.floor((known.length - 1) / 2)] + known[Math.ceil((known.length - 1) / 2)]) / 2;
    const district = districtValue(atlas, column, column.per, area);
    const most = Math.max(...[known[0], known[known.length - 1], district ?? centre].map((value) => Math.abs(value - centre)));
    const place = (/** @type {number} */ value) => (most > 0 ? (value - centre) / most : 0);
    const own = column.values[area];
    const beside = (/** @type {string} */ value, /** @type {string} */ middle) => `${own === null ? say("not_shown") : value} (${middle})`;
    const words = beside(measure.write(own), column.city === null ? measure.write(centre) : measure.writeCity(centre));
    const isLong = measure.unit.length > SIGN; // the unit stands once, behind the name
    const plain = (/** @type {number} */ value, digits = measure.decimals) => formatNumber(value, digits, atlas.lang);
    const numbers = isLong ? beside(plain(own ?? 0), plain(centre, column.city === null ? measure.decimals : column.cityDecimals)) : words;
    return [{ column, known, measure, district, place, own, words, numbers, more: [...(isLong ? [measure.unit] : []), ...(column.city === null ? [say("median")] : [])] }];
  });
  if (!rows.length) return null;
  const marks = [mark("vrule", { x: 0, stroke: INKS.ink, width: 1.2 })];
  rows.forEach(({ column, known, district, place, own }, y) => {
    const [low, high] = [0.25, 0.75].map((share) => place(quantile(known, share)));
    marks.push(mark("bar", { x0: low, x1: high, y0: y - 0.24, y1: y + 0.24, fill: "#c9dcea" }));
    marks.push(mark("strip", { xs: known.map(place), y, stroke: "#a9a9a9", width: 0.7 }));
    if (district !== null) marks.push(mark("dot", { x: place(district), y, r: 3.6, shape: "diamond", fill: INKS.paper, stroke: BLUE.diamond, width: 1.5 }));
    const fill = indicatorOf(atlas, column).profile === 2 ? INKS.quiet : INKS.accent;
    if (own !== null) marks.push(mark("dot", { x: place(own), y, r: 4.4, fill, stroke: INKS.paper, area: keyOf(atlas, area) }));
  });
  const notes = [
    ...(rows.some(({ district }) => district !== null) ? ["spine_district"] : []),
    "spine_note",
    ...(rows.some(({ column }) => indicatorOf(atlas, column).profile === 2) ? ["spine_context"] : []),
  ];
  const name = atlas.areas.names[area];
  const cells = rows.map(({ column, measure, own, district }) => [
    measure.label,
    own === null ? atlas.words[`gap_${column.gaps[area] ?? "missing"}`] : measure.write(own),
    measure.writeCity(column.city),
    measure.write(district),
  ]);
  const chart = record({
    id: "profile",
    title: say("profile", { area: name }),
    alt: `${name}. ${rows.map(({ measure, words }) => `${measure.label}: ${words}.`).join(" ")}`,
    x: said({ low: -1.06, high: 1.06, ticks: [[-0.85, say("lower")], [0, atlas.words.label_city], [0.85, say("higher")]] }),
    y: rowAxis(rows.map(({ measure, more }) => (more.length ? `${measure.label} (${more.join(", ")})` : measure.label))),
    marks,
    note: notes.map((note) => say(note)).join(" "),
    head: [atlas.words.label_indicator, name, atlas.words.label_city, say("district")],
    rows: cells,
    right: rows.map(({ numbers }) => numbers),
    height: 0.1 + 0.052 * rows.length,
  });
  return { chart, members: new Map(), says: () => "" };
}

/**
 * @param {any} atlas
 * @param {any} first
 * @returns {any} an indicator of another domain and other persons to set beside the first one; undefined without any
 */
export function secondColumn(atlas, first) {
  const others = profileColumns(atlas).filter((column) => column.id !== first.id);
  const isApart = (/** @type {any} */ column) => !(column.denominator && column.denominator === first.denominator);
  return others.find((column) => isApart(column) && column.domain !== first.domain) ?? others.find(isApart) ?? others[0];
}

/**
 * Two indicators of the same areas with the cross of the city.
 *
 * @param {any} atlas
 * @param {any} first
 * @param {any} second
 * @param {number | null} area
 * @param {any} [colors] the column whose classes colour the dots
 * @returns {Picture}
 */
export function scatterPlot(atlas, first, second, area, colors = first) {
  const say = speaker(atlas);
  const columns = [first, second];
  const measures = columns.map((column) => measureOf(atlas, column));
  const known = knownAreas(first).filter((one) => second.values[one] !== null);
  const ends = columns.map((column) => spread([...known.map((one) => column.values[one]), column.city]));
  const cross = first.city !== null && second.city !== null;
  const [dx, dy] = measures.map(({ direction }) => direction);
  const worse = dx && dy ? [dx, dy] : [1, 1];
  const corner = ends.map((end, side) => end[worse[side] > 0 ? 1 : 0]);
  const marks = [];
  if (dx && dy && cross) marks.push(mark("bar", { x0: first.city, x1: corner[0], y0: second.city, y1: corner[1], fill: "#fbeee0" }));
  const dashed = { stroke: INKS.ink, dash: [3, 2] };
  marks.push(...cityRule(atlas, first, measures[0], dashed));
  if (second.city !== null) marks.push(mark("hrule", { y: second.city, text: say("city", { value: measures[1].writeCity(second.city) }), ...dashed }));
  const members = new Map();
  marks.push(...scatterMarks(atlas, columns, known, ends, area, colors, members));
  const counts = new Map(/** @type {Array<[string, number]>} */ (["1,1", "1,-1", "-1,1", "-1,-1"].map((quarter) => [quarter, 0])));
  for (const one of known) {
    const quarter = columns.map(({ values, city }) => (values[one] > city ? 1 : -1)).join();
    counts.set(quarter, (counts.get(quarter) ?? 0) + 1);
  }
  if (cross) {
    const text = say(worse.join() === "1,1" ? "both_above" : "both_worse", { n: counts.get(worse.join()) ?? 0 });
    const right = worse[0] > 0;
    marks.push(mark("text", { x: corner[0], y: corner[1], text, anchor: right ? "end" : "start", fill: INKS.quiet, dx: right ? -1 : 1, dy: -7 }));
  }
  const [one, other] = measures.map(({ label }) => label);
  const names = ["above_above", "above_below", "below_above", "below_below"];
  const rows = cross ? [...counts.values()].map((n, place) => [say(names[place], { one, other }), formatNumber(n, 0, atlas.lang)]) : [];
  const cells = known.length > MOST_DOTS ? ` ${say("cells")}` : "";
  const chart = record({
    id: "scatter",
    title: say("scatter", { one, other }),
    alt: [say("scatter_sentence", { one, other, n: known.length }), ...rows.map(([name, n]) => `${name}: ${n}.`)].join(" "),
    x: roundAxis(...ends[0], measures[0].title, atlas.lang, { grid: true }),
    y: roundAxis(...ends[1], measures[1].title, atlas.lang, { grid: true }),
    marks,
    note: `${shownNote(atlas, known.length)} ${say("areas_not_persons")}${cells}`,
    head: [say("quarter"), atlas.words.label_areas],
    rows,
    order: [...known].sort((a, b) => first.values[a] - first.values[b]).map((key) => keyOf(atlas, key)),
    height: 0.6,
  });
  return { chart, members, says: (key) => columns.map(({ values }, side) => measures[side].write(values[key])).join("; ") };
}

/**
 * @param {any} atlas
 * @param {any[]} columns
 * @param {number[]} known
 * @param {Array<[number, number]>} ends
 * @param {number | null} area
 * @param {any} colors
 * @param {Map<any, number[]>} members
 * @returns {any[]} the dots, those that stand out last, with the name of the area; the others as cells where they are many
 */
function scatterMarks(atlas, [first, second], known, ends, area, colors, members) {
  const near = new Set(atlas.near ?? []);
  const isOpen = (/** @type {number} */ one) => atlas.isBorderline.has(one) || near.has(one);
  const isMarked = (/** @type {number} */ one) => one === area || atlas.isSelected.has(one) || isOpen(one);
  const many = known.length > MOST_DOTS;
  const isOut = many && known.filter(isMarked).length > MOST_MARKED ? (/** @type {number} */ one) => one === area : isMarked;
  const dot = (/** @type {number} */ one) => {
    /** @type {any} */
    let look = { r: 3, stroke: INKS.quiet, width: 0.4 };
    if (one === area) look = { r: 5.5, stroke: INKS.accent, width: 2.2 };
    else if (isOpen(one)) look = { r: 4.2, stroke: INKS.ink, width: 1.4, dash: [1.5, 1.2] };
    else if (atlas.isSelected.has(one)) look = { r: 4.2, stroke: INKS.ink, width: 1.6 };
    return mark("dot", { x: first.values[one], y: second.values[one], fill: classColor(colors, one), ...look, area: keyOf(atlas, one) });
  };
  const plain = known.filter((one) => !isOut(one));
  const special = known.filter(isOut).sort((a, b) => Number(a === area) - Number(b === area));
  const marks = many ? squares([first, second], plain, ends, members) : plain.map(dot);
  marks.push(...special.map(dot));
  if (area !== null && special.includes(area)) {
    const left = first.values[area] > (ends[0][0] + ends[0][1]) / 2;
    const side = left ? { anchor: "end", dx: -9 } : { anchor: "start", dx: 9 };
    marks.push(mark("text", { x: first.values[area], y: second.values[area], text: atlas.areas.names[area], fill: INKS.accent, bold: true, area: keyOf(atlas, area), ...side }));
  }
  return marks;
}

/**
 * @param {any[]} columns
 * @param {number[]} plain
 * @param {Array<[number, number]>} ends
 * @param {Map<any, number[]>} members
 * @returns {any[]} cells, the darker the more areas
 */
function squares(columns, plain, ends, members) {
  const edges = ends.map(([low, high]) => Array.from({ length: SQUARES + 1 }, (_, k) => (k === SQUARES ? high : k * ((high - low) / SQUARES) + low)));
  /** @type {Map<number, number[]>} */
  const cells = new Map();
  for (const one of plain) {
    const [i, j] = columns.map(({ values }, side) => Math.min(classOf(values[one], edges[side]), SQUARES) - 1);
    const place = i * SQUARES + j;
    const found = cells.get(place);
    if (found) found.push(one);
    else cells.set(place, [one]);
  }
  const most = Math.max(...[...cells.values()].map((inside) => inside.length));
  return [...cells.keys()].sort((a, b) => a - b).map((place) => {
    const [i, j, inside] = [Math.floor(place / SQUARES), place % SQUARES, cells.get(place) ?? []];
    const opacity = Number((0.15 + 0.75 * (inside.length / most)).toFixed(3));
    const cell = mark("bar", { x0: edges[0][i], x1: edges[0][i + 1], y0: edges[1][j], y1: edges[1][j + 1], fill: INKS.ink, opacity });
    members.set(cell, inside);
    return cell;
  });
}
