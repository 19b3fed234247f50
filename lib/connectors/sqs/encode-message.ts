/**
 * A row as the text of a message. A queue refuses U+FFFE and U+FFFF, which are no characters of XML; JSON can name them.
 * The others that it refuses are escaped in every JSON text.
 */
export const encodeMessage = (value: unknown): string =>
  JSON.stringify(value).replace(/[\ufffe\uffff]/g, (character) => (character === '\ufffe' ? '\\ufffe' : '\\uffff'));
