// @ts-check
// What is shown stands in the address of the page, so that a link leads to it; and what a link does not find is said.

/**
 * @typedef {object} Place what an address says
 * @property {string} [i] column
 * @property {string} [c] its classes
 * @property {string} [d] date
 * @property {string} [a] key of the chosen area
 * @property {string} [v] latitude_longitude_zoom
 * @property {string} [i2] column of the second map
 * @property {string} [embed]
 */

const KNOWN = ["i", "c", "d", "a", "v", "i2", "embed"];

/**
 * @param {string} hash "#i=sgb2_rate&a=0404"
 * @returns {{place: Place, unknown: string[]}} unknown: what no page of ours has written
 */
export function readAddress(hash) {
  /** @type {Record<string, string>} */
  const place = {};
  /** @type {string[]} */
  const unknown = [];
  for (const [name, value] of new URLSearchParams(hash.replace(/^#/, ""))) {
    if (KNOWN.includes(name)) place[name] = value;
    else if (value) unknown.push(`${name}=${value}`); // a bare "#qa-table" is a jump inside the page
  }
  return { place, unknown };
}

/**
 * @param {Place} place
 * @returns {string} empty where there is nothing to say
 */
export function writeAddress(place) {
  const all = /** @type {Record<string, string | undefined>} */ (place);
  const said = KNOWN.flatMap((name) => (all[name] ? [`${name}=${encodeURIComponent(/** @type {string} */ (all[name]))}`] : []));
  return said.length ? `#${said.join("&")}` : "";
}

/**
 * @param {string | undefined} text
 * @returns {{at: [number, number], zoom: number} | null} null where it is no place on a map
 */
export function readView(text) {
  const numbers = (text ?? "").split("_").map(Number);
  const [lat, lon, zoom] = numbers;
  const isPlace = numbers.length === 3 && numbers.every(Number.isFinite) && Math.abs(lat) <= 85 && Math.abs(lon) <= 180 && zoom >= 0 && zoom <= 20;
  return isPlace ? { at: [lat, lon], zoom } : null;
}

const SOON = 300; // milliseconds: browsers stop pages that write their address too often

/**
 * Keep the address in step with the page, and the page with the address.
 *
 * @param {() => Place} now what is shown
 * @param {(place: Place) => string[]} show it; returns what it does not find
 * @param {(parts: string[]) => void} notice
 * @returns {{note: () => void, push: () => void, open: () => void}} `note` after anything changed, `push` after a choice
 *   that the back button undoes, `open` to follow the address
 */
export function followAddress(now, show, notice) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  let following = true; // until the page has followed its address it writes none
  const write = (/** @type {"replaceState" | "pushState"} */ how) => {
    clearTimeout(waiting);
    const hash = writeAddress(now());
    if (following || hash === location.hash) return;
    try {
      history[how](null, "", hash || location.pathname + location.search);
    } catch {
      // a frame of a notebook has no address of its own
    }
  };
  const open = () => {
    following = true;
    const { place, unknown } = readAddress(location.hash);
    notice([...unknown, ...show(place)]);
    following = false;
  };
  window.addEventListener("popstate", open);
  return {
    note() {
      clearTimeout(waiting);
      if (!following) waiting = setTimeout(() => write("replaceState"), SOON);
    },
    push: () => write("pushState"),
    open,
  };
}
