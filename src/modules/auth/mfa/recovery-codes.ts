import { randomInt } from 'node:crypto';

/** Crockford's base32: no I, L, O or U, which are misread. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const HOW_MANY = 10;
const LENGTH = 10;

/** Ten new codes of 50 random bits each, as `XXXXX-XXXXX`. */
export function newRecoveryCodes(): string[] {
  const codes = new Set<string>();
  while (codes.size < HOW_MANY)
    codes.add(
      Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)])
        .join('')
        .replace(/^.{5}/, '$&-'),
    );
  return [...codes];
}

/**
 * A code as it was meant, however it was typed: case, spaces, dashes and letters that look like digits do not matter.
 */
export function meantCode(typed: string): string {
  return typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
}
