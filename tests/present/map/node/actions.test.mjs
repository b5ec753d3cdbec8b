import assert from "node:assert/strict";
import test from "node:test";

const { actionsFor, highIndicators, isHigh } = await import(process.env.ASSETS + "/actions.js");
const { sortedDrivers, stabilityText } = await import(process.env.ASSETS + "/panel_need.js");

const TEN = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const areas = (column, direction) => column.values.flatMap((_, area) => (isHigh(column, direction, area) ? [area] : []));

test("the highest fifth is high, the lowest where less is more need", () => {
  assert.deepEqual(areas({ values: TEN, city: 5.5 }, 1), [8, 9]);
  assert.deepEqual(areas({ values: TEN, city: 5.5 }, -1), [0, 1]);
  assert.deepEqual(areas({ values: TEN, city: 5.5 }, 0), []);
});

test("nothing is high that is not worse than the city; without a city value the fifth decides", () => {
  assert.deepEqual(areas({ values: TEN, city: 9 }, 1), [9]);
  assert.deepEqual(areas({ values: TEN, city: 10 }, 1), []);
  assert.deepEqual(areas({ values: TEN, city: 2 }, -1), [0]);
  assert.deepEqual(areas({ values: TEN, city: null }, 1), [8, 9]);
});

test("equal values of many areas are not high, and gaps neither count nor are high", () => {
  assert.deepEqual(areas({ values: [1, 1, 1, 1, 1, 1, 1, 9, 9, 9], city: 3 }, 1), []);
  assert.deepEqual(areas({ values: [1, 1, 1, 1, 9, null, null], city: 3 }, 1), [4]);
  assert.deepEqual(areas({ values: [1, 1, 1, 9, null, null, null], city: 3 }, 1), []);
  assert.deepEqual(areas({ values: [0, 5, 5, 5, 5], city: 4 }, -1), [0]);
});

test("a change stands for its indicator, and bundles come with everything high that points to them", () => {
  const column = (id, city) => ({ id, label: id.toUpperCase(), values: TEN, city });
  const atlas = {
    columns: [column("a", 5), column("b_change", 5), column("c", 5)],
    panel: { indicators: [{ id: "a", direction: 1 }, { id: "b_change", base: "b", direction: 1 }, { id: "c", direction: -1 }] },
  };
  const high = highIndicators(atlas, 9);
  assert.deepEqual([...high], [["a", "A"], ["b", "B_CHANGE"]]);
  const bundles = [["b", "a"], ["c"], ["x", "a"]].map((triggers) => ({ triggers }));
  assert.deepEqual(actionsFor(bundles, high).map(({ because }) => because), [["B_CHANGE", "A"], ["A"]]);
  assert.deepEqual(actionsFor(bundles, new Map()), []);
});

test("an indicator is not taken for a change by its name", () => {
  const atlas = {
    columns: [{ id: "x_change", label: "X", values: TEN, city: 5 }],
    panel: { indicators: [{ id: "x_change", direction: 1 }] },
  };
  assert.deepEqual([...highIndicators(atlas, 9)], [["x_change", "X"]]);
});

test("drivers stand highest first, equal ones in their order, those not shown not at all", () => {
  const drivers = [-3, 2, null, 2, 0].map((part, id) => ({ id, parts: [null, part] }));
  assert.deepEqual(sortedDrivers(drivers, 1).map(({ driver, part }) => [driver.id, part]), [[1, 2], [3, 2], [4, 0], [0, -3]]);
  assert.deepEqual(sortedDrivers(drivers, 0), []);
});

test("stability is told in words where it may be told", () => {
  const words = { label_p_selected: "share" };
  const stability = { names: ["sure", "open", "out"], label: [0, null, 2], percent: [97, null, 0] };
  const told = (area, standing) => stabilityText({ standing, words, lang: "en" }, area);
  assert.equal(told(0, { stability }), "sure (share: 97\u202f%)");
  assert.equal(told(1, { stability }), "");
  assert.equal(told(2, { stability }), "out (share: 0\u202f%)");
  assert.equal(told(0, { stability: null }), "");
});
