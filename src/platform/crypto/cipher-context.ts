/** The location of a ciphertext. Decryption fails at any other location. */
export interface CipherContext {
  readonly orgId: string;
  readonly table: string;
  readonly column: string;
  readonly rowId: string;
}

/**
 * Returns the associated data of a context: `org|table|column|row` in UTF-8. Different contexts never yield the same
 * bytes, because each part must be non-empty, free of the separator, and well-formed Unicode. UTF-8 would encode every
 * lone surrogate as the same U+FFFD.
 *
 * @throws TypeError with the name of the invalid part
 */
export function associatedData(context: CipherContext): Buffer {
  const parts = [context.orgId, context.table, context.column, context.rowId];
  const names = ['orgId', 'table', 'column', 'rowId'];
  parts.forEach((part, i) => {
    if (typeof part !== 'string' || part === '' || part.includes('|') || !part.isWellFormed()) {
      throw new TypeError(`context.${names[i]} must be non-empty well-formed text without "|"`);
    }
  });
  return Buffer.from(parts.join('|'), 'utf8');
}

/** Returns the table and column of a context for error messages, without the row. */
export function cipherContextLabel(context: CipherContext): string {
  return `${context.table}.${context.column}`;
}
