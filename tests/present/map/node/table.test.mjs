import assert from "node:assert/strict";
import test from "node:test";

const { sortedRows, tableColumns } = await import(`${process.env.ASSETS}/table.js`);

const ATLAS = {
  lang: "de",
  words: {
    label_area: "Gebiet",
    label_key: "Schlüssel",
    label_residents: "Einwohner",
    label_reasons: "Gründe",
    label_on_list: "Auf der Liste",
    label_stability: "Auswahl",
    label_candidate: "Prüfgebiet",
    answer_yes: "ja",
  },
  areas: { names: ["a", "b", "c"], keys: ["1", "2", "3"], parents: [], levels: [], residents: [10, null, 30] },
  columns: [],
  reasons: { 1: ["arm"] },
  selected: [1],
  candidates: [{ key: "P1", members: [1, 2] }, { key: "P2", members: [2] }],
  standing: { stability: { names: ["sicher", "Grenzfall", "nicht"], label: [2, 0, null] } },
};

test("what the map marks stands in columns", () => {
  const columns = new Map(tableColumns(ATLAS).map((column) => [column.label, column]));
  assert.deepEqual([...columns.keys()], ["Gebiet", "Schlüssel", "Einwohner", "Auf der Liste", "Auswahl", "Prüfgebiet", "Gründe"]);
  const texts = (label) => [0, 1, 2].map((area) => columns.get(label).text(area));
  assert.deepEqual(texts("Auf der Liste"), ["", "ja", ""]);
  assert.deepEqual(texts("Auswahl"), ["nicht", "sicher", ""]);
  assert.deepEqual(texts("Prüfgebiet"), ["", "P1", "P1, P2"]);
  assert.deepEqual(sortedRows(3, columns.get("Auswahl").order, false, "de"), [1, 0, 2]); // certain first, untold last
  assert.deepEqual(sortedRows(3, columns.get("Prüfgebiet").order, false, "de"), [1, 2, 0]); // no member last, whichever way
  assert.deepEqual(sortedRows(3, columns.get("Prüfgebiet").order, true, "de"), [2, 1, 0]);
});

test("columns follow what is there: no shortlist, no stability, no candidate areas", () => {
  const bare = { ...ATLAS, selected: [], candidates: [], standing: undefined };
  assert.deepEqual(tableColumns(bare).map((column) => column.label), ["Gebiet", "Schlüssel", "Einwohner", "Gründe"]);
});

test("columns read the members as they are now", () => {
  const atlas = { ...ATLAS, candidates: [{ key: "P1", members: [1] }] };
  const column = tableColumns(atlas).find(({ label }) => label === "Prüfgebiet");
  assert.equal(column.text(0), "");
  atlas.candidates[0].members = [0];
  assert.deepEqual([column.text(0), column.text(1)], ["P1", ""]);
});
