// @ts-check
// Candidate areas on the map and in the panel; a chosen area can join or leave one.

import { element } from "./controls.js";
import { choiceCsv, choiceGeoJson, isConnected, possibleChanges, total, totalGap, totalRate } from "./editing.js";
import { fillIn, formatNumber, formatValue } from "./format.js";
import { CANDIDATE_LINE, CASING_LINE } from "./styles.js";

const ROOM_FOR_NAME = 34; // pixels
const ROOM_FOR_LINE = 60;
const ROOM_FOR_CASING = 14;

/**
 * Candidate areas with outline and name; where an area is small on the screen, thinner and without its name.
 *
 * @param {any[]} candidates
 * @param {(arcs: any, style: any) => any} line
 * @param {(members: number[]) => any} outline
 * @returns {any} a layer group with `redraw` for changed members
 */
export function candidateLayer(candidates, line, outline) {
  const drawn = candidates.map((candidate) => {
    const arcs = outline(candidate.members);
    const icon = L.divIcon({ className: "qa-candidate-name", html: element("span", "", candidate.key), iconSize: [32, 20] });
    const name = L.marker(candidate.at, { icon, interactive: false, keyboard: false });
    return { candidate, casing: line(arcs, CASING_LINE), edge: line(arcs, CANDIDATE_LINE), name };
  });
  /** @type {any} */
  const group = L.layerGroup(drawn.flatMap(({ casing, edge, name }) => [casing, edge, name]));
  const fit = () =>
    drawn.forEach(({ casing, edge, name }) => {
      const bounds = edge.getBounds();
      if (!group._map || !bounds.isValid()) return name.setOpacity(0);
      const size = group._map.project(bounds.getNorthEast()).subtract(group._map.project(bounds.getSouthWest()));
      const room = Math.min(Math.abs(size.x), Math.abs(size.y));
      casing.setStyle({ weight: room < ROOM_FOR_LINE ? 3 : CASING_LINE.weight, opacity: room < ROOM_FOR_CASING ? 0 : 1 });
      edge.setStyle({ weight: room < ROOM_FOR_CASING ? 1 : room < ROOM_FOR_LINE ? 1.8 : CANDIDATE_LINE.weight });
      name.setOpacity(room < ROOM_FOR_NAME ? 0 : 1);
    });
  group.on("add", () => group._map.on("zoomend", fit) && group._map.whenReady(fit));
  group.on("remove", () => group._map.off("zoomend", fit));
  return Object.assign(group, {
    redraw() {
      for (const { candidate, casing, edge } of drawn) {
        const arcs = outline(candidate.members);
        casing.setLatLngs(arcs);
        edge.setLatLngs(arcs);
      }
      fit();
    },
  });
}

/**
 * @typedef {object} Editor
 * @property {(area: number | null) => void} offer show what can be done with the chosen area
 * @property {(column: any) => void} refresh totals, with the rate of the column that is shown
 */

/**
 * Totals of the candidate areas, changes to them and the choice as a file, in the panel of the page.
 *
 * @param {any} atlas
 * @param {import("./ground.js").Ground} ground
 * @param {() => number[][]} around
 * @param {() => void} redraw
 * @returns {Editor}
 */
export function candidateEditor(atlas, ground, around, redraw) {
  const box = document.getElementById("qa-totals");
  if (!box || !atlas.candidates.length) return { offer() {}, refresh() {} };
  const [table, offers, files] = [element("table", ""), element("div", "qa-offers"), element("p", "qa-files")];
  offers.setAttribute("aria-live", "polite");
  const begin = atlas.candidates.map((/** @type {any} */ c) => [...c.members]);
  let shown = atlas.columns[0];
  /** @type {number | null} */
  let chosen = null;

  const reset = action(atlas.words.edit_reset, () => {
    atlas.candidates.forEach((/** @type {any} */ c, /** @type {number} */ i) => (c.members = [...begin[i]]));
    changed();
    files.querySelector("button")?.focus(); // there is nothing left to discard
  });
  reset.hidden = true;
  const changed = () => {
    redraw();
    reset.hidden = atlas.candidates.every((/** @type {any} */ c, /** @type {number} */ i) => String(c.members) === String(begin[i]));
    drawTotals(atlas, shown, around(), begin, table);
    offer(chosen);
  };
  const offer = (/** @type {number | null} */ area) => {
    chosen = area;
    offers.replaceChildren();
    if (area === null) return;
    for (const { candidate, joins } of possibleChanges(atlas.candidates, around(), area)) {
      const words = fillIn(joins ? atlas.words.edit_join : atlas.words.edit_leave, { name: atlas.areas.names[area], key: candidate.key });
      offers.append(
        action(words, () => {
          candidate.members = joins
            ? [...candidate.members, area].sort((a, b) => a - b)
            : candidate.members.filter((/** @type {number} */ member) => member !== area);
          changed();
        }),
      );
    }
  };
  const heads = [atlas.words.label_candidate, atlas.words.label_key, atlas.words.label_area, atlas.words.label_residents];
  files.append(
    action(atlas.words.edit_csv, () => download(`${atlas.words.file_candidates}.csv`, "text/csv", choiceCsv(atlas.areas, atlas.candidates, heads, atlas.lang === "de" ? ";" : ","))),
    action(atlas.words.edit_geojson, () =>
      download(`${atlas.words.file_candidates}.geojson`, "application/geo+json", JSON.stringify(choiceGeoJson(atlas.areas, atlas.candidates, ground))),
    ),
    reset,
  );
  box.append(element("h3", "", atlas.words.edit_heading), element("p", "qa-legend-note", atlas.words.edit_note), offers, table, files);
  return {
    offer,
    refresh(column) {
      shown = column;
      drawTotals(atlas, column, around(), begin, table);
    },
  };
}

/**
 * @param {any} atlas
 * @param {any} column
 * @param {number[][]} around
 * @param {number[][]} begin members before any change
 * @param {HTMLElement} table
 */
function drawTotals(atlas, column, around, begin, table) {
  const { residents } = atlas.areas;
  const nobody = (/** @type {number} */ area) => residents[area] === null && column.gaps[area] !== "unknown_residents";
  const people = (/** @type {number[]} */ members) => {
    const n = total(residents, members);
    if (n !== null) return formatNumber(n, 0, atlas.lang);
    return atlas.words[members.some(nobody) ? "gap_derived" : "gap_unknown_residents"];
  };
  const heads = [atlas.words.label_candidate, atlas.words.label_areas, atlas.words.label_residents];
  if (column.per) heads.push(column.label);
  const rows = atlas.candidates.map((/** @type {any} */ { key, members }, /** @type {number} */ i) => {
    const rate = totalRate(column, members);
    const marks = [
      String(members) === String(begin[i]) ? "" : atlas.words.edit_changed,
      isConnected(members, around) ? "" : atlas.words.edit_apart,
    ].filter(Boolean);
    const cells = [marks.length ? `${key} (${marks.join(", ")})` : key, formatNumber(members.length, 0, atlas.lang), people(members)];
    if (column.per) cells.push(rate === null ? atlas.words[`gap_${totalGap(column, members)}`] : formatValue(rate, column, atlas.lang));
    return totalsRow(cells, "td");
  });
  table.replaceChildren(totalsRow(heads, "th"), ...rows);
}

/**
 * @param {string[]} cells
 * @param {string} tag
 * @returns {HTMLElement}
 */
function totalsRow(cells, tag) {
  const row = element("tr", "");
  row.append(...cells.map((text, i) => element(i ? tag : "th", i ? "qa-number" : "", text)));
  return row;
}

/**
 * @param {string} words
 * @param {() => void} act
 * @returns {HTMLElement}
 */
function action(words, act) {
  const button = /** @type {HTMLButtonElement} */ (element("button", "", words));
  button.type = "button";
  button.addEventListener("click", act);
  return button;
}

/**
 * Hand a file to the reader; it is made in the page, nothing is asked for.
 *
 * @param {string} name
 * @param {string} type
 * @param {string | Blob} content
 */
export function download(name, type, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
