import assert from "node:assert/strict";
import test from "node:test";

const { choiceCsv, choiceGeoJson, isConnected, possibleChanges, total, totalGap, totalRate } = await import(process.env.ASSETS + "/editing.js");

// 0 - 1 - 2 - 3 in a row, 4 on its own
const AROUND = [[1], [0, 2], [1, 3], [2], []];
const AREAS = { keys: ["01", "02", "=3"], names: ['Am "Tor"', "=SUM(A1)", "Süd"], residents: [1200, null, 900] };

test("a total with an unknown part is unknown, and a rate needs both counts of all members", () => {
  assert.equal(total([10, 20, null], [0, 1]), 30);
  assert.equal(total([10, 20, null], [0, 2]), null);
  assert.equal(total([10], []), 0);
  const column = { numerator: [10, 30, null], denominator: [100, 100, 50], per: 100 };
  assert.equal(totalRate(column, [0, 1]), 20); // of the counts, not the mean of the rates weighted alike
  assert.equal(totalRate({ ...column, denominator: [100, 300, 50] }, [0, 1]), 10);
  assert.equal(totalRate(column, [0, 2]), null);
  assert.equal(totalRate(column, []), null);
  assert.equal(totalRate({}, [0]), null);
});

test("members without a rate have their reason where it is one and public, else that one of them has one", () => {
  const column = { numerator: [10, null, null, null, 0], denominator: [50, 90, null, null, 0], gaps: { 3: "protected" } };
  assert.equal(totalGap(column, [0, 1, 2]), "missing");
  assert.equal(totalGap(column, [0, 1, 3]), "derived");
  assert.equal(totalGap(column, [3]), "derived");
  assert.equal(totalGap({ ...column, gaps: { 1: "unknown_residents" } }, [1]), "unknown_residents");
  assert.equal(totalGap(column, [4]), "not_applicable"); // nobody there
});

test("members hang together where one can walk between them", () => {
  assert.equal(isConnected([0, 1, 2], AROUND), true);
  assert.equal(isConnected([0, 2], AROUND), false);
  assert.equal(isConnected([4], AROUND), true);
  assert.equal(isConnected([], AROUND), true);
});

test("an area leaves its own candidate area or joins one it borders on", () => {
  const candidates = [{ key: "P1", label: "", members: [0, 1] }, { key: "P2", label: "", members: [3] }];
  const changes = (area) => possibleChanges(candidates, AROUND, area).map(({ candidate, joins }) => [candidate.key, joins]);
  assert.deepEqual(changes(1), [["P1", false]]);
  assert.deepEqual(changes(2), [["P1", true], ["P2", true]]);
  assert.deepEqual(changes(4), []);
});

test("the CSV has one line per member; quotes are doubled, formulas are text, the unknown is empty", () => {
  const text = choiceCsv(AREAS, [{ key: "P1", label: "", members: [0, 1] }, { key: "P2", label: "", members: [2] }], ["a", "b", "c", "d"]);
  assert.deepEqual(text.split("\r\n"), [
    '\ufeff"a";"b";"c";"d"',
    '"P1";"01";"Am ""Tor""";1200',
    `"P1";"02";"'=SUM(A1)";`,
    `"P2";"'=3";"Süd";900`,
    "",
  ]);
});

test("in GeoJSON outer rings run against the clock, holes with it, and rings are closed", () => {
  const square = (a, b) => [[a, a], [a, b], [b, b], [b, a], [a, a]];
  const arcs = [...square(0, 9), ...square(1, 2)];
  const flat = { starts: [0, 5, 10], north: arcs.map(([north]) => north), east: arcs.map(([, east]) => east) };
  const turn = (ring) => ring.slice(1).reduce((sum, [x, y], i) => sum + ring[i][0] * y - x * ring[i][1], 0);
  for (const refs of [[0, 2], [1, 3], [0, 3], [1, 2]]) {
    const topology = { flat, shapes: [[refs.map((ref) => [ref])]] };
    const { features } = choiceGeoJson(AREAS, [{ key: "P1", label: "", members: [0] }], topology);
    assert.deepEqual(features[0].properties, { key: "01", name: 'Am "Tor"', candidate: "P1", residents: 1200 });
    const [outer, hole] = features[0].geometry.coordinates[0];
    assert.equal(turn(outer), 162);
    assert.equal(turn(hole), -2);
    assert.deepEqual(outer[0], outer.at(-1));
  }
});
