/**
 * The rule for text that people read: names, titles, and notes. The API, SCIM, and the CLI reject other text. A sign-in
 * through an identity provider must not fail because of a name, so it cleans the name by the same rule.
 *
 * The rule excludes control characters, lone surrogates, noncharacters, line and paragraph separators, and
 * bidirectional controls, which change the order of the text around them (Unicode, UAX #9, section 2). It keeps joiners
 * and direction marks, which names of many languages need.
 */
const LINE_BREAKS = '\\t\\n\\r';
const SEPARATORS = '\\p{Zl}\\p{Zp}';
const UNSAFE = '\\p{Cs}\\p{Noncharacter_Code_Point}\\u202A-\\u202E\\u2066-\\u2069';

const UNSAFE_IN_LINE = new RegExp(`[\\p{Cc}${SEPARATORS}${UNSAFE}]`, 'gu');
const UNSAFE_IN_TEXT = new RegExp(`(?![${LINE_BREAKS}])[\\p{Cc}${UNSAFE}]`, 'u');
/** A character that is drawn. Some letters and symbols are blank: fillers of Hangul, and the blank Braille pattern. */
const VISIBLE = /(?![\p{Default_Ignorable_Code_Point}\u2800])[\p{L}\p{N}\p{P}\p{S}]/u;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Returns whether a text is empty or one visible line by the rule. */
export function isOneLine(value: unknown): value is string {
  if (typeof value !== 'string' || value.search(UNSAFE_IN_LINE) >= 0) return false;
  return value === '' || VISIBLE.test(value);
}

/** Returns whether a text is empty or visible by the rule. Line breaks and tabs are allowed. */
export function isPlainText(value: unknown): value is string {
  if (typeof value !== 'string' || UNSAFE_IN_TEXT.test(value)) return false;
  return value === '' || VISIBLE.test(value);
}

/**
 * Returns the text as one line by the rule, in the composed form (NFC), of at most `maxLength` code points. Line breaks
 * become spaces, other characters that the rule excludes are dropped, and a character that people see is never cut.
 * Returns undefined when nothing visible remains.
 */
export function cleanLine(text: string, maxLength: number): string | undefined {
  const line = text.replaceAll(/\s+/gu, ' ').replaceAll(UNSAFE_IN_LINE, '').replaceAll(/ +/g, ' ').trim();
  const cut = cutText(line.normalize('NFC'), maxLength).trim();
  return VISIBLE.test(cut) ? cut : undefined;
}

/** Cuts a text to at most `maxLength` code points, and only between characters that people see (UAX #29). */
export function cutText(text: string, maxLength: number): string {
  let end = 0;
  let length = 0;
  for (const { segment, index } of graphemes.segment(text)) {
    length += [...segment].length;
    if (length > maxLength) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}

/** Returns a value as JSON for Postgres. Drops NUL and replaces lone surrogates, because jsonb rejects both. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) =>
    typeof one === 'string' ? one.replaceAll('\0', '').toWellFormed() : one,
  );
}
