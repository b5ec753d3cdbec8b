// @ts-check
// One search over districts, areas, candidate areas, facilities, places and streets: a box with a list below it.

import { element } from "./controls.js";
import { fillIn, formatNumber } from "./format.js";
import { decodeVarints } from "./topology.js";

/**
 * @typedef {object} Entry what can be found
 * @property {string} kind
 * @property {string} text
 * @property {string} more stands behind it: a key, a district
 * @property {string[]} folded its words from each of them to the end, folded
 * @property {string[]} [keys] found as they are
 * @property {number} number
 */
/** @typedef {{names: string, areas: string}} Streets */

const SHARED_LENGTHS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"; // as in gazetteer.py
const MOST_OF_A_KIND = 5;
const MOST_OFFERS = 14;
const PLAIN_LETTERS = /** @type {Record<string, string>} */ ({ "ß": "ss", "ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "a", "œ": "o" });
const SEARCH_KINDS = ["district", "area", "candidate", "facility", "place", "street"];

/**
 * A name as it is compared, the same steps as in gazetteer.py.
 *
 * @param {string} words
 * @param {boolean} [short] whether "Str." is written out
 * @returns {string} small letters and figures
 */
export function fold(words, short = true) {
  const small = words.toLowerCase().replace(/[ßłøđıæœ]/g, (letter) => PLAIN_LETTERS[letter]);
  const plain = small.normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  const street = short ? plain.replace(/str(?:\.|(?![a-z0-9]))/g, "strasse") : plain;
  return street.replace(/([aou])e/g, "$1").replace(/[^a-z0-9]/g, "") || small.replace(/\s/g, "");
}

/**
 * @param {string} words
 * @returns {string[]}
 */
function foldedWords(words) {
  const begins = [...words.matchAll(/[\p{L}\p{N}]+/gu)].map(({ index }) => index);
  return begins.length ? begins.map((begin, i) => fold(i ? words.slice(begin) : words)) : [fold(words)];
}

/**
 * @param {string} kind
 * @param {string} text
 * @param {number} number
 * @param {string} [more]
 * @param {string[]} [keys]
 * @returns {Entry}
 */
export function searchEntry(kind, text, number, more = "", keys = []) {
  return { kind, text, number, more, keys: keys.map((key) => key.toLowerCase()), folded: foldedWords(text) };
}

/**
 * What fits, the best first: the same, beginnings, beginnings of a word, parts; then by kind, then by name.
 *
 * @param {Entry[]} entries
 * @param {string} query
 * @returns {Entry[]}
 */
export function findEntries(entries, query) {
  const raw = query.toLowerCase().trim();
  const wanted = [...new Set([fold(query), fold(query, false)])].filter(Boolean);
  if (!raw) return [];
  /** @type {Array<[number, Entry]>} */
  const found = [];
  for (const one of entries) {
    const [whole, ...words] = one.folded;
    const how = [
      one.keys?.includes(raw) || wanted.includes(whole),
      one.keys?.some((key) => key.startsWith(raw)) || wanted.some((part) => whole.startsWith(part)),
      words.some((word) => wanted.some((part) => word.startsWith(part))),
      wanted.some((part) => part.length > 1 && whole.includes(part)),
    ].indexOf(true);
    if (how >= 0) found.push([how, one]);
  }
  const kind = (/** @type {Entry} */ one) => SEARCH_KINDS.indexOf(one.kind);
  const order = (/** @type {string} */ a, /** @type {string} */ b) => (a < b ? -1 : a > b ? 1 : 0);
  found.sort(([a, one], [b, other]) => a - b || kind(one) - kind(other) || order(one.folded[0], other.folded[0]) || one.number - other.number);
  return found.map(([, one]) => one);
}

/**
 * @param {Streets} streets
 * @returns {Array<{name: string, areas: number[]}>}
 */
export function decodeStreets({ names, areas }) {
  const numbers = decodeVarints(areas).values();
  const next = () => numbers.next().value ?? 0;
  let last = "";
  return names.split("\n").map((line) => {
    last = last.slice(0, SHARED_LENGTHS.indexOf(line[0])) + line.slice(1);
    let area = 0;
    return { name: last, areas: Array.from({ length: next() }, () => (area += next())) };
  });
}

/**
 * @param {any} atlas
 * @param {Array<{name: string, areas: number[]}>} streets
 * @returns {Entry[]}
 */
function allEntries(atlas, streets) {
  const { areas, candidates, facilities, places } = atlas;
  const [level] = areas.parents;
  const known = new Set(streets.map(({ name }) => fold(name)));
  return [
    ...[...new Set(level ?? [])].map((name, i) => searchEntry("district", String(name), i)),
    ...areas.names.map((/** @type {string} */ name, /** @type {number} */ i) => searchEntry("area", name, i, [areas.keys[i], level?.[i]].filter(Boolean).join(", "), [areas.keys[i], `${name} (${areas.keys[i]})`])),
    ...candidates.map((/** @type {any} */ { key, label }, /** @type {number} */ i) => searchEntry("candidate", label, i, "", [key])),
    ...facilities.map((/** @type {any} */ { name, kind }, /** @type {number} */ i) => searchEntry("facility", name, i, name.includes(kind) ? "" : kind)),
    // a street of the list tells its areas, one that is only written on the map does not
    ...(places?.texts ?? []).map((/** @type {string} */ name, /** @type {number} */ i) => searchEntry("place", name, i)).filter((/** @type {Entry} */ one) => !known.has(one.folded[0])),
    ...streets.map(({ name, areas: inside }, i) => searchEntry("street", name, i, inside.length === 1 ? areas.names[inside[0]] : "")),
  ];
}

/**
 * The box of the search.
 *
 * @param {any} atlas
 * @param {Record<string, (number: number) => void>} go what happens when an entry of a kind is chosen; for streets with
 *   the area
 * @returns {HTMLElement}
 */
export function searchBox(atlas, go) {
  const words = { ...atlas.words, ...atlas.groundWords };
  const label = element("label", "qa-choice", `${words.label_search} `);
  const [box, input, list, answer] = [element("span", "qa-finder"), /** @type {HTMLInputElement} */ (element("input", "qa-search")), element("div", "qa-results"), element("span", "qa-search-answer")];
  list.id = "qa-results";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", words.label_search);
  answer.setAttribute("role", "status");
  input.type = "search";
  input.placeholder = words.label_search;
  input.autocomplete = "off";
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id]]) input.setAttribute(name, value);
  label.append(input);
  box.append(label, list, answer);
  /** @type {Array<{name: string, areas: number[]}>} */
  let streets = [];
  /** @type {Entry[] | null} */
  let entries = null;
  /** @type {Entry[]} */
  let offers = [];
  let active = -1;

  const say = (/** @type {string} */ text, /** @type {boolean} */ seen) => {
    answer.textContent = text;
    answer.classList.toggle("qa-unseen", !seen);
  };
  const close = () => {
    offers = [];
    list.hidden = true;
    list.replaceChildren();
    input.setAttribute("aria-expanded", "false");
    mark(-1);
  };
  const mark = (/** @type {number} */ number) => {
    active = number;
    const options = list.querySelectorAll("[role=option]");
    options.forEach((option, i) => option.setAttribute("aria-selected", String(i === active)));
    if (active < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", options[active].id);
    options[active].scrollIntoView({ block: "nearest" });
  };
  const open = (/** @type {Entry[]} */ found, /** @type {(kind: string) => string} */ head) => {
    const kinds = [...new Set(found.map(({ kind }) => kind))]; // the one with the best result first
    offers = kinds.flatMap((kind) => found.filter((one) => one.kind === kind));
    const groups = kinds.map((kind) => {
      const [group, title] = [element("div", "qa-results-group"), element("div", "qa-results-head", head(kind))];
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", head(kind));
      title.setAttribute("aria-hidden", "true");
      group.append(title, ...offers.flatMap((one, i) => (one.kind === kind ? [option(one, i)] : [])));
      return group;
    });
    list.replaceChildren(...groups);
    list.hidden = !offers.length;
    list.scrollTop = 0;
    input.setAttribute("aria-expanded", String(offers.length > 0));
    mark(-1);
  };
  const option = (/** @type {Entry} */ one, /** @type {number} */ i) => {
    const node = element("div", "qa-result");
    node.id = `qa-result-${i}`;
    node.setAttribute("role", "option");
    node.append(element("bdi", "", one.text)); // its direction ends with it
    if (one.more) node.append(element("span", "qa-muted", ` ${one.more}`));
    const inside = one.kind === "street" ? streets[one.number].areas.length : 0;
    if (inside > 1) node.append(element("span", "qa-muted", ` ${fillIn(words.search_n_areas, { count: formatNumber(inside, 0, atlas.lang) })}`));
    node.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
    node.addEventListener("click", () => choose(one));
    return node;
  };
  const choose = (/** @type {Entry} */ one) => {
    if (one.kind !== "street") {
      input.value = one.text;
      close();
      say("", false);
      return go[one.kind](one.number);
    }
    const { name, areas } = streets[one.number];
    input.value = name;
    if (areas.length === 1) {
      close();
      say(atlas.areas.names[areas[0]], false);
      return go.area(areas[0]);
    }
    const values = { name, count: formatNumber(areas.length, 0, atlas.lang) };
    open(areas.map((area) => searchEntry("area", atlas.areas.names[area], area, atlas.areas.keys[area])), () => fillIn(words.search_areas, values));
    say(fillIn(words.search_pick, values), false);
  };
  const search = () => {
    if (!entries) {
      streets = atlas.streets ? decodeStreets(atlas.streets) : [];
      entries = allEntries(atlas, streets);
    }
    return findEntries(entries, input.value);
  };
  input.addEventListener("input", () => {
    const all = search();
    /** @type {Record<string, number>} */
    const count = {};
    const most = all.every(({ kind }) => kind === all[0].kind) ? MOST_OFFERS : MOST_OF_A_KIND;
    const few = all.filter(({ kind }) => (count[kind] = (count[kind] ?? 0) + 1) <= most).slice(0, MOST_OFFERS);
    open(few, (kind) => (kind === "district" ? atlas.areas.levels[0] : words[`search_kind_${kind}`]));
    const nothing = input.value.trim() && !all.length;
    say(nothing ? words.search_nothing : all.length ? fillIn(words.search_found, { count: formatNumber(all.length, 0, atlas.lang) }) : "", Boolean(nothing));
  });
  input.addEventListener("keydown", (event) => {
    const step = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1 })[event.key];
    if (step && offers.length) {
      event.preventDefault();
      // one place more than there are offers: that of the box itself
      mark(((active + 1 + step + offers.length + 1) % (offers.length + 1)) - 1);
    } else if (event.key === "Enter") {
      const one = offers[active] ?? offers[0] ?? search()[0];
      if (one) choose(one);
      else say(input.value.trim() ? words.search_nothing : "", true);
    } else if (event.key === "Escape") {
      if (offers.length) event.preventDefault(); // else the browser empties the box
      close();
      say("", false);
    }
  });
  input.addEventListener("blur", close);
  return box;
}
