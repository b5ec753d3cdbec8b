// Two squares side by side, written by hand: 0 and 1 share one stretch of border.
//
//   (0,2)---(2,2)---(4,2)
//     |   0   |   1   |
//   (0,0)---(2,0)---(4,0)

import assert from "node:assert/strict";
import test from "node:test";

const { arcOwners, decodeNeighbours, decodeTopology, decodeVarints, memberOutline, neighbours, outlineArcs, ringPlaces, unzigzag } =
  await import(process.env.ASSETS + "/topology.js");

const base64 = (...bytes) => btoa(String.fromCharCode(...bytes));
const zig = (n) => (n < 0 ? -2 * n - 1 : 2 * n);

const SQUARES = {
  lengths: base64(4, 2, 4), // left of 0 from (2,2) to (2,0), the common border, right of 1 from (2,0) to (2,2)
  points: base64(
    ...[[2, 2], [-2, 0], [0, -2], [2, 0]].flat().map(zig),
    ...[[0, 0], [0, 2]].flat().map(zig),
    ...[[0, -2], [2, 0], [0, 2], [-2, 0]].flat().map(zig),
  ),
  parts: base64(1, 1),
  rings: base64(1, 1),
  cuts: base64(2, 2),
  refs: base64(...[0, 2, 2, -1].map(zig)), // arcs 0 and 1; arc 2 and arc 1 backwards
};

const degrees = ([latitude, longitude]) => [Math.round(longitude * 1e5), Math.round(latitude * 1e5)];

test("seven bits a byte, lowest first", () => {
  assert.deepEqual(decodeVarints(base64(0, 127, 0x80, 1, 0xac, 2)), [0, 127, 128, 300]);
  assert.deepEqual(decodeVarints(base64(0xff, 0xff, 0xff, 0xff, 0x7f)), [2 ** 35 - 1]);
  assert.deepEqual(decodeVarints(""), []);
});

test("zigzag counts 0, -1, 1, -2", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 2 ** 33 + 1].map(unzigzag), [0, -1, 1, -2, 2, -(2 ** 32) - 1]);
});

test("rings are arcs joined, forwards or backwards, without the closing place", () => {
  const { arcs, shapes } = decodeTopology(SQUARES);
  const rings = shapes.map((shape) => ringPlaces((arc) => arcs[arc], shape[0][0]).map(degrees));
  assert.deepEqual(rings, [
    [[2, 2], [0, 2], [0, 0], [2, 0]],
    [[2, 0], [4, 0], [4, 2], [2, 2]],
  ]);
});

test("neighbours share an arc", () => {
  const { shapes } = decodeTopology(SQUARES);
  assert.deepEqual(neighbours(arcOwners(shapes), 2), [[1], [0]]);
});

test("outlines run where the groups on the two sides differ, and at the edge", () => {
  const owners = arcOwners(decodeTopology(SQUARES).shapes);
  assert.deepEqual(outlineArcs(owners, () => "same").sort(), [0, 2]);
  assert.deepEqual(outlineArcs(owners, (shape) => shape).sort(), [0, 1, 2]);
});

test("members together have an outline, without what lies between them", () => {
  const owners = arcOwners(decodeTopology(SQUARES).shapes);
  assert.deepEqual(memberOutline(owners, new Set([0])).sort(), [0, 1]);
  assert.deepEqual(memberOutline(owners, new Set([0, 1])).sort(), [0, 2]);
  assert.deepEqual(memberOutline(owners, new Set()), []);
});

test("a shape smaller than the grid has no part and no neighbour", () => {
  const { shapes } = decodeTopology({ ...SQUARES, parts: base64(1, 0, 1) });
  assert.deepEqual(shapes[1], []);
  assert.deepEqual(neighbours(arcOwners(shapes), 3), [[2], [], [0]]);
});

test("neighbours that are told: how many further down, and the steps from one to the next", () => {
  // 0 borders on 1 and 3, 1 on nobody further, 2 on 3
  assert.deepEqual(decodeNeighbours(base64(2, 1, 2, 0, 1, 1, 0)), [[1, 3], [0], [3], [0, 2]]);
  assert.deepEqual(decodeNeighbours(base64(0, 0)), [[], []]);
});
