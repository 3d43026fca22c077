/** Where a ciphertext lives. It is bound to this place and does not open anywhere else. */
export interface CipherContext {
  readonly orgId: string;
  readonly table: string;
  readonly column: string;
  readonly rowId: string;
}

/**
 * The associated data of a place: `org|table|column|row` in UTF-8. Two different places never
 * give the same bytes, because each part must be non-empty, free of the separator and
 * well-formed Unicode (UTF-8 would turn every lone surrogate into the same U+FFFD).
 *
 * @throws TypeError naming the part that breaks this rule
 */
export function associatedData(place: CipherContext): Buffer {
  const parts = [place.orgId, place.table, place.column, place.rowId];
  const names = ['orgId', 'table', 'column', 'rowId'];
  parts.forEach((part, i) => {
    if (typeof part !== 'string' || part === '' || part.includes('|') || !part.isWellFormed()) {
      throw new TypeError(`place.${names[i]} must be non-empty well-formed text without "|"`);
    }
  });
  return Buffer.from(parts.join('|'), 'utf8');
}

/** A place's name for error messages: the table and column, nothing of the row. */
export function cipherContextLabel(place: CipherContext): string {
  return `${place.table}.${place.column}`;
}
