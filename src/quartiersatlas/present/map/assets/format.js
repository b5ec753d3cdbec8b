// @ts-check
// Numbers and sentences in the language of the map, never in that of the browser.

/**
 * @param {number} value
 * @param {number} decimals
 * @param {string} lang "de" or "en"
 * @returns {string}
 */
export function formatNumber(value, decimals, lang) {
  const locale = lang === "de" ? "de-DE" : "en-GB";
  const options = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  const rounded = Number(value.toFixed(decimals)) || 0; // no "-0,0"
  return new Intl.NumberFormat(locale, options).format(rounded).replace("-", "\u2212");
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
  return column.unit ? `${number}\u202f${column.unit}` : number;
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
