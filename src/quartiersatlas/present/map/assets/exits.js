// @ts-check
// Ways out of the page: picture, table as a file, a small form for other people's pages, and what a link did not find.

import { download } from "./candidates.js";
import { element } from "./controls.js";
import { csvCell } from "./editing.js";
import { fillIn } from "./format.js";
import { pngOf, viewPicture } from "./picture.js";
import { tableColumns } from "./table.js";

/**
 * The table as a spreadsheet reads it: rows and columns as shown, numbers as numbers, then what the map marks.
 *
 * @param {any} atlas
 * @param {number[]} order of the areas
 * @param {string} source the last line
 * @returns {string}
 */
export function tableCsv(atlas, order, source) {
  const { words, standing } = atlas;
  const number = (/** @type {number | null | undefined} */ value, /** @type {number} */ decimals) => {
    if (value === null || value === undefined) return "";
    const text = (Number(value.toFixed(decimals)) || 0).toFixed(decimals);
    return atlas.lang === "de" ? text.replace(".", ",") : text;
  };
  const columns = tableColumns(atlas).flatMap(({ label, text, number: cells }) =>
    cells
      ? cells.map((part) => ({ head: part.label, cell: (/** @type {number} */ area) => number(part.value(area), part.decimals) }))
      : [{ head: label, cell: (/** @type {number} */ area) => csvCell(text(area)) }],
  );
  const gaps = (/** @type {number} */ area) =>
    tableColumns(atlas).flatMap(({ label, number: cells, text }) => (cells && cells[0].value(area) === null ? [`${label}: ${text(area)}`] : []));
  const further = [
    { head: "status", cell: (/** @type {number} */ area) => csvCell(gaps(area).join("; ")) },
    ...(standing.screened ? [{ head: "selection", cell: (/** @type {number} */ area) => csvCell(selectionOf(atlas, area)) }] : []),
    ...(standing.stability ? [{ head: "p_selected", cell: (/** @type {number} */ area) => number(share(standing.stability.percent[area]), 2) }] : []),
  ];
  const all = [...columns, ...further];
  const date = atlas.times.length > 1 ? [csvCell(`${words.label_as_of}: ${atlas.times[atlas.shown].year}`)] : [];
  const mark = atlas.lang === "de" ? ";" : ",";
  const lines = [
    all.map(({ head }) => csvCell(head)).join(mark),
    ...order.map((area) => all.map(({ cell }) => cell(area)).join(mark)),
    ...atlas.notes.map(csvCell),
    ...date,
    csvCell(source),
  ];
  return `\ufeff${lines.join("\r\n")}\r\n`;
}

const WITHHELD = ["protected", "small_area", "unknown_residents", "source", "derived"];

/**
 * @param {number | null | undefined} percent
 * @returns {number | null}
 */
function share(percent) {
  return percent === null || percent === undefined ? null : percent / 100;
}

/**
 * @param {any} atlas
 * @param {number} area
 * @returns {string} as in the other files: sure, open, near, out; not_assessed where the rule cannot tell, nothing where a
 *   withheld value is why
 */
export function selectionOf(atlas, area) {
  if (atlas.isSelected.has(area)) {
    if (!atlas.standing.stability) return "selected";
    return atlas.isBorderline.has(area) ? "open" : "sure";
  }
  if (atlas.near?.includes(area)) return "near";
  if (!atlas.standing.unassessed.includes(area)) return "out";
  return atlas.columns.some((/** @type {any} */ { gaps }) => WITHHELD.includes(gaps[area])) ? "" : "not_assessed";
}

/**
 * @param {any} atlas
 * @param {() => import("./picture.js").Panel[]} panels
 * @param {() => number[]} order of the table
 */
export function saveMenu(atlas, panels, order) {
  const menu = /** @type {HTMLDetailsElement | null} */ (document.getElementById("qa-save"));
  if (!menu) return;
  const text = (/** @type {string} */ selector) => document.querySelector(selector)?.textContent?.trim() ?? "";
  const file = (/** @type {string} */ ending) => `${fileName(text("h1") || "atlas")}.${ending}`;
  const picture = () => {
    const subtitle = text(".qa-head p");
    const bands = [...document.querySelectorAll(".qa-band:not(.qa-band-link)")].map((band) => band.textContent ?? "");
    const title = [text("h1"), subtitle].filter(Boolean).join(" – ");
    return viewPicture(panels(), { title, bands, source: text(".qa-source"), aid: text(".qa-comment + .qa-aid") });
  };
  const svg = () => download(file("svg"), "image/svg+xml", picture().svg);
  const actions = {
    "qa-save-svg": svg,
    "qa-save-png": () => pngOf(picture()).then((blob) => download(file("png"), "image/png", blob), svg), // pixels fail on very large maps
    "qa-save-csv": () => download(file("csv"), "text/csv", tableCsv(atlas, order(), text(".qa-source"))),
  };
  for (const [id, act] of Object.entries(actions)) {
    document.getElementById(id)?.addEventListener("click", () => {
      menu.open = false;
      menu.querySelector("summary")?.focus();
      act();
    });
  }
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
  });
}

/**
 * @param {string} title
 * @returns {string} safe in every file system
 */
export function fileName(title) {
  const words = title.normalize("NFC").replace(/[^\p{Letter}\p{Number}]+/gu, "-");
  return words.replace(/^-+|-+$/g, "").slice(0, 60).toLowerCase() || "atlas";
}

/** Whether the page stands small in another one. */
export function isEmbedded() {
  return document.body.classList.contains("qa-embed");
}

/**
 * Map, folded legend, source and a way to the whole page: for a frame in another one.
 *
 * @param {Record<string, string>} words
 */
export function embedPage(words) {
  document.body.classList.add("qa-embed");
  const foot = element("footer", "qa-embed-foot");
  const link = /** @type {HTMLAnchorElement} */ (element("a", "", words.embed_open));
  link.target = "_blank";
  link.rel = "noopener";
  const aim = () => (link.href = location.href.replace(/([#&])embed=[^&]*&?/, "$1").replace(/[#&]$/, ""));
  aim();
  for (const type of ["pointerdown", "focus"]) link.addEventListener(type, aim);
  foot.append(element("span", "", document.querySelector(".qa-source")?.textContent ?? ""), link);
  document.body.append(foot);
}

/**
 * @param {Record<string, string>} words
 * @param {string[]} parts of an address that are not here, or no more; none takes the notice away
 */
export function linkNotice(words, parts) {
  document.querySelector(".qa-band-link")?.remove();
  if (!parts.length) return;
  const band = element("p", "qa-band qa-band-link", `${fillIn(words.link_unknown, { parts: parts.map((part) => part.slice(0, 60)).join(", ") })} `);
  const button = /** @type {HTMLButtonElement} */ (element("button", "", words.button_close));
  band.setAttribute("role", "status");
  button.type = "button";
  button.addEventListener("click", () => band.remove());
  band.append(button);
  document.querySelector(".qa-bands")?.append(band);
}
