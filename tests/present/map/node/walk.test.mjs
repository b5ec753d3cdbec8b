import assert from "node:assert/strict";
import test from "node:test";

const { nextArea } = await import(process.env.ASSETS + "/walk.js");
const { sortedRows } = await import(process.env.ASSETS + "/table.js");
const { wilson } = await import(process.env.ASSETS + "/columns.js");

test("the step goes to the neighbour that lies best in its direction, and nowhere behind", () => {
  const centres = [[0, 0], [0, 2], [2, 1], [-3, 0], [0, 9]];
  assert.equal(nextArea(centres, [1, 2, 3], 0, [0, 1]), 1); // east
  assert.equal(nextArea(centres, [1, 2, 3], 0, [1, 0]), 2); // north
  assert.equal(nextArea(centres, [1, 2, 3], 0, [-1, 0]), 3); // south
  assert.equal(nextArea(centres, [1, 2, 3], 0, [0, -1]), null); // west: nobody
  assert.equal(nextArea(centres, [], 0, [0, 1]), null);
});

test("rows without a value stand last in both orders, ties keep their order", () => {
  const values = [3, null, 1, 3, 2];
  assert.deepEqual(sortedRows(5, (area) => values[area], false, "de"), [2, 4, 0, 3, 1]);
  assert.deepEqual(sortedRows(5, (area) => values[area], true, "de"), [0, 3, 4, 2, 1]);
});

test("words are sorted as the language does, numbers in them by size", () => {
  const names = ["Zoo", "Öde", "Ost", "Block 10", "Block 9"];
  assert.deepEqual(sortedRows(5, (area) => names[area], false, "de"), [4, 3, 1, 2, 0]);
});

test("the interval of a share is Wilson's", () => {
  // Newcombe (1998), Statistics in Medicine 17, table I, method 3
  for (const [x, n, low, high] of [[81, 263, 0.2553, 0.3662], [15, 148, 0.0624, 0.1605], [0, 20, 0, 0.1611], [1, 29, 0.0061, 0.1718]]) {
    const found = wilson(x, n);
    assert.ok(Math.abs(found[0] - low) < 6e-5 && Math.abs(found[1] - high) < 6e-5, String(found));
  }
});
