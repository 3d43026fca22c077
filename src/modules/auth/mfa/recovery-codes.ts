import { randomInt } from 'node:crypto';

/** Crockford's base32. It has no I, L, O, or U, because users misread them. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CODE_COUNT = 10;
const CODE_LENGTH = 10;

/** Returns ten new codes of 50 random bits each, in the form `XXXXX-XXXXX`. */
export function newRecoveryCodes(): string[] {
  const codes = new Set<string>();
  while (codes.size < CODE_COUNT)
    codes.add(
      Array.from({ length: CODE_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)])
        .join('')
        .replace(/^.{5}/, '$&-'),
    );
  return [...codes];
}

/**
 * Returns the normalized form of a typed code. Ignores case, spaces, and dashes, and replaces letters that look like
 * digits.
 */
export function normalizeCode(typed: string): string {
  return typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
}
