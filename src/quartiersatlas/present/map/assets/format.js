// @ts-check
// Numbers and sentences in the language of the map, never in that of the browser.

/**
 * @param {number} value
 * @param {number} decimals
 * @param {string} lang "de" or "en"
 * @returns {string}
 */
export function formatNumber(value, decimals, lang) {
  const name = `${lang}${decimals}`;
  let writer = WRITERS.get(name);
  if (!writer) {
    const options = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    writer = new Intl.NumberFormat(lang === "de" ? "de-DE" : "en-GB", options);
    WRITERS.set(name, writer);
  }
  return writer.format(roundedTo(value, decimals)).replace("-", "\u2212");
}

/** @type {Map<string, Intl.NumberFormat>} to make one takes longer than to use it */
const WRITERS = new Map();

/**
 * @param {number} value
 * @param {number} decimals
 * @returns {number} halves that the computer holds exactly go to the even digit, as on the Python side; never -0
 */
function roundedTo(value, decimals) {
  const size = Math.abs(value);
  const near = Number(size.toFixed(decimals));
  const isHalf = near > size && /^50*$/.test((size.toFixed(decimals + 30).split(".")[1] ?? "").slice(decimals));
  const down = isHalf && Number(near.toFixed(decimals).at(-1)) % 2 ? Number((near - 10 ** -decimals).toFixed(decimals)) : near;
  return Math.sign(value) * down || 0;
}

/**
 * Number and unit, with a narrow no-break space between them.
 *
 * @param {number} value
 * @param {{decimals: number, unit: string}} column
 * @param {string} lang
 * @returns {string}
 */
export function formatValue(value, column, lang) {
  const number = formatNumber(value, column.decimals, lang);
  return column.unit ? `${number}${lang === "en" && column.unit === "%" ? "" : "\u202f"}${column.unit}` : number;
}

/**
 * The city value, with its own decimals where it has fewer than the areas.
 *
 * @param {any} column
 * @param {string} lang
 * @returns {string}
 */
export function formatCity(column, lang) {
  return formatValue(column.city, { unit: column.unit, decimals: column.cityDecimals ?? column.decimals }, lang);
}

/**
 * The line of the city in a legend: that its value has fewer decimals is said there.
 *
 * @param {any} words
 * @param {any} column
 * @param {string} lang
 * @returns {string}
 */
export function cityLine(words, column, lang) {
  const line = fillIn(words.legend_city, { value: formatCity(column, lang) });
  return column.cityDecimals < column.decimals ? `${line} (${words.city_rounded})` : line;
}

/**
 * Put values into the placeholders of a sentence: "{lower} to {upper}".
 *
 * @param {string} sentence
 * @param {Record<string, string>} values
 * @returns {string}
 */
export function fillIn(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
