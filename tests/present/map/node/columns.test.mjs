import assert from "node:assert/strict";
import test from "node:test";

const { combined, showYear, unpackColumns, viewOf } = await import(process.env.ASSETS + "/columns.js");

const need = { label: "Status", values: [0, 1, null, 1], gaps: { 2: "suppressed" } };
const change = { label: "Dynamik", values: [2, 0, 1, null], gaps: {} };
const poor = { label: "A", values: [10, 12, 12, 20, 30, null], gaps: { 5: "suppressed" } };
const young = { label: "B", values: [5, 7, 5, 7, null, 9], gaps: {} };
const conditions = {
  matrix: [1, 0],
  axes: [
    { head: "", classes: ["bis 12", "über 12 bis 20", "über 20"], breaks: [12.1, 20.1], moved: { 1: [12, 1] } },
    { head: "", classes: ["unter 7", "ab 7"], breaks: [7], moved: {} },
  ],
};

test("classes of two columns are numbered row by row, the second running fastest", () => {
  const axes = [{ head: "", classes: ["hoch", "niedrig"] }, { head: "", classes: ["positiv", "stabil", "negativ"] }];
  const { values, classes, gaps } = combined([need, change], { matrix: [0, 1], axes });
  assert.deepEqual(values, [2, 3, null, null]);
  assert.equal(classes.length, 6);
  assert.equal(classes[3], "Status: niedrig, Dynamik: positiv");
  assert.deepEqual(gaps, { 2: "suppressed" });
});

test("numbers fall into the classes of their limits; an area the selection puts elsewhere stands there", () => {
  const { values, classes } = combined([young, poor], conditions);
  // area 1 is on the limit and beyond it, area 2 on the limit and not
  assert.deepEqual(values, [0, 3, 0, 3, null, null]);
  assert.equal(classes[3], "A: über 12 bis 20, B: ab 7");
});

test("computed again from other values with the same limits; an exception holds for the value it was made for", () => {
  const later = { ...poor, values: [40, 11, 12, 12, 30, 12] };
  assert.deepEqual(combined([young, later], conditions).values, [4, 1, 0, 1, null, 1]);
  assert.deepEqual(combined([young, poor], conditions).values, [0, 3, 0, 3, null, null]);
});

test("a date without a city value has no classes around it, and does not borrow those of another date", () => {
  const schemes = { quantile: { breaks: [3], colors: ["a", "b"] }, deviation: { breaks: [2], colors: ["c", "d"] } };
  const cells = { values: [1, 4], gaps: {}, decimals: 0 };
  const times = { selected: [], reasons: {} };
  const atlas = {
    ...times,
    year: "2024",
    areas: { residents: [1, 2] },
    counts: [],
    columns: [{ ...cells, id: "a", city: 2, schemes, earlier: [{ ...cells, city: null, schemes: {} }, { ...cells, city: 3, schemes: { deviation: { breaks: [3], colors: ["e", "f"] } } }] }],
    earlier: [{ ...times, year: "2022", residents: [1, 2] }, { ...times, year: "2020", residents: [1, 2] }],
  };
  unpackColumns(atlas);
  const view = viewOf(atlas);
  const [column] = view.columns;
  column.scheme = "deviation";
  showYear(view, 2);
  assert.deepEqual([column.scheme, column.breaks, column.colors], ["deviation", [3], ["e", "f"]]);
  showYear(view, 1);
  assert.deepEqual(Object.keys(column.schemes), ["quantile"]);
  assert.deepEqual([column.scheme, column.breaks], ["quantile", [3]]);
  showYear(view, 0);
  assert.deepEqual(Object.keys(column.schemes), ["quantile", "deviation"]);
});

test("two axes are there at every date that knows both; two conditions at the latest one, whose limits they have", () => {
  const cells = { values: [1, 0], gaps: {}, decimals: 0, city: null };
  const pair = (/** @type {object} */ limits) => ({ matrix: [0, 1], axes: [0, 1].map(() => ({ head: "", classes: ["a", "b"], ...limits })), schemes: {} });
  const atlas = {
    areas: { residents: [1, 2] },
    counts: [],
    columns: [{ ...cells, schemes: {}, earlier: [cells, null] }, { ...cells, schemes: {}, earlier: [cells, cells] }, pair({}), pair({ breaks: [1], moved: {} })],
    earlier: [{ residents: [1, 2] }, { residents: [1, 2] }],
  };
  unpackColumns(atlas);
  const known = atlas.columns.map((/** @type {any} */ column) => column.years.map((/** @type {any} */ year) => year !== null));
  assert.deepEqual(known, [[true, true, false], [true, true, true], [true, true, false], [true, false, false]]);
});
