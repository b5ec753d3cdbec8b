import assert from "node:assert/strict";
import test from "node:test";

const { readAddress, readView, writeAddress } = await import(process.env.ASSETS + "/address.js");
const { fileName, selectionOf, tableCsv } = await import(process.env.ASSETS + "/exits.js");
const { depth, smallMark, writtenAreas } = await import(process.env.ASSETS + "/marks.js");
const { xmlText } = await import(process.env.ASSETS + "/picture.js");
const { totalSurface } = await import(process.env.ASSETS + "/topology.js");

test("an address says what it was made of, whatever is in the names", () => {
  const place = { i: "sgb2_rate", d: "31.12.2024 & später", a: "04=04#ä", v: "51.0018_8.2198_11.7" };
  assert.deepEqual(readAddress(writeAddress(place)), { place, unknown: [] });
  assert.equal(writeAddress({}), "");
  assert.equal(writeAddress({ i: undefined, a: "1" }), "#a=1");
  assert.deepEqual(readAddress("#a=1&x=2&qa-table"), { place: { a: "1" }, unknown: ["x=2"] });
});

test("a view has latitude, longitude and zoom, all of them possible", () => {
  assert.deepEqual(readView("51.0018_-8.2198_11.7"), { at: [51.0018, -8.2198], zoom: 11.7 });
  for (const text of [undefined, "", "51_8", "51_8_11_1", "91_8_11", "51_181_11", "51_8_99", "a_b_c", "Infinity_8_9"]) assert.equal(readView(text), null);
});

test("up to a tenth of the city rings, up to two fifths dots, beyond a tint", () => {
  assert.deepEqual([62, 63, 249, 250].map((n) => smallMark(n, 100_000)), ["ring", "dot", "dot", "tint"]); // 160 pixels each
});

test("values are written for up to eight areas that have one, and never for classes", () => {
  const column = (n, more) => ({ values: [...Array(n).fill(1), null, null], ...more });
  assert.deepEqual(writtenAreas(column(8)), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual([column(9), column(3, { classes: ["a"] }), column(3, { matrix: [0, 1] })].flatMap(writtenAreas), []);
});

test("depth is the squared distance to the outline, below 0 outside and in holes", () => {
  const square = [[0, 0], [10, 0], [10, 10], [0, 10]];
  const hole = [[4, 4], [6, 4], [6, 6], [4, 6]];
  assert.equal(depth([square], 5, 5), 25);
  assert.equal(depth([square], 12, 5), -4);
  assert.equal(depth([square, hole], 5, 5), -1);
});

test("the surface of shapes counts shared arcs once a side, and holes away", () => {
  // two unit squares side by side at the equator, the second with a hole of a quarter: arcs as rings, one shared edge
  const arcs = [
    [[0, 1], [1, 1]],
    [[1, 1], [1, 0], [0, 0], [0, 1]],
    [[1, 1], [1, 2], [0, 2], [0, 1]],
    [[0.25, 1.25], [0.75, 1.25], [0.75, 1.75], [0.25, 1.75], [0.25, 1.25]],
  ];
  const starts = [0, 2, 6, 10, 15];
  const [north, east] = [0, 1].map((axis) => arcs.flat().map((place) => place[axis]));
  const shapes = [[[[0, 2]]], [[[0, 4], [6]]]];
  assert.ok(Math.abs(totalSurface({ starts, north, east }, shapes) - 1.75) < 1e-9);
});

const words = {
  gap_missing: "keine Angabe", gap_protected: "geschützt", label_area: "Gebiet", label_key: "Schlüssel", label_residents: "Einwohner",
  label_reasons: "Gründe", label_on_list: "Auf der Liste", label_stability: "Auswahl", answer_yes: "ja", tooltip_counts: "{numerator} von {denominator}",
  csv_numerator: "{label}: Fälle", csv_denominator: "{label}: bezogen auf", label_as_of: "Stand",
};
const atlas = {
  lang: "de",
  words,
  times: [{ year: "2024" }],
  shown: 0,
  notes: ["=Entwurf"],
  areas: { names: ['=1+1 "A"', "B;b"], keys: ["01", "02"], parents: [], levels: [], residents: [1234, null] },
  columns: [
    { label: "Rate", unit: "%", decimals: 1, values: [-12.25, null], gaps: { 1: "protected" }, numerator: [12, null], denominator: [98, null] },
  ],
  candidates: [],
  selected: [0],
  isSelected: new Set([0]),
  isBorderline: new Set([0]),
  near: [1],
  reasons: { 0: ["Rate: hoch"] },
  standing: { screened: true, unassessed: [], axes: [], stability: { names: ["sicher", "Grenzfall"], label: [1, 1], percent: [55, 9] } },
};

test("a spreadsheet gets numbers as numbers, text as text, and why a value is missing", () => {
  const lines = tableCsv(atlas, [1, 0], "Quelle: Amt").split("\r\n");
  assert.equal(lines[0].charCodeAt(0), 0xfeff);
  assert.equal(
    lines[0].slice(1),
    '"Gebiet";"Schlüssel";"Einwohner";"Rate (%)";"Rate: Fälle";"Rate: bezogen auf";"Auf der Liste";"Auswahl";"Gründe";"status";"selection";"p_selected"',
  );
  assert.equal(lines[1], '"B;b";"02";;;;;"";"Grenzfall";"";"Einwohner: geschützt; Rate (%): geschützt";"near";0,09');
  assert.equal(lines[2], `"'=1+1 ""A""";"01";1234;-12,3;12;98;"ja";"Grenzfall";"Rate: hoch";"";"open";0,55`);
  assert.deepEqual(lines.slice(3), [`"'=Entwurf"`, '"Quelle: Amt"', ""]);
});

test("a file in English has commas, and points in its numbers", () => {
  assert.match(tableCsv({ ...atlas, lang: "en" }, [0], ""), /,1234,-12\.3,12,98,/);
});

test("the selection has the codes of the other files", () => {
  const one = (more) => selectionOf({ ...atlas, near: [], isBorderline: new Set(), ...more }, 0);
  assert.equal(one({}), "sure");
  assert.equal(one({ isBorderline: new Set([0]) }), "open");
  assert.equal(one({ standing: { unassessed: [], stability: null } }), "selected");
  assert.equal(one({ isSelected: new Set() }), "out");
  assert.equal(one({ isSelected: new Set(), near: [0] }), "near");
  assert.equal(one({ isSelected: new Set(), standing: { unassessed: [0] } }), "not_assessed");
  assert.equal(one({ isSelected: new Set(), standing: { unassessed: [0] }, columns: [{ gaps: { 0: "derived" } }] }), "");
});

test("text in a picture is neither markup nor what XML does not know", () => {
  assert.equal(xmlText('<b a="1">&'), "&lt;b a=&quot;1&quot;&gt;&amp;");
  assert.equal(xmlText("a\u0000b\ud800c\u{1f600}"), "a\ufffdb\ufffdc\u{1f600}");
});

test("a file is called by its title, in letters that every file system takes", () => {
  assert.equal(fileName("Bedarf / Köln: <2024>"), "bedarf-köln-2024");
  assert.equal(fileName("../.."), "atlas");
});
