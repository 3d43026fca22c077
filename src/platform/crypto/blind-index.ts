import { domainToASCII } from 'node:url';
import { assertKey } from './gcm.js';
import { hmac } from './hmac.js';

const INDEX_BYTES = 16;

/**
 * Returns the search index of a value in an encrypted column: HMAC-SHA256 of the normalized value, truncated to 16
 * bytes. The index reveals only which rows have equal values. Derive one key per column (`deriveKey(key,
 * 'blind-index/people.email')`), so that the indexes of two columns cannot be joined.
 */
export function blindIndex(key: Buffer, normalized: string): Buffer {
  assertKey(key);
  if (!normalized.isWellFormed()) throw new TypeError('text to index must be well-formed Unicode');
  return hmac(key, normalized).subarray(0, INDEX_BYTES);
}

/**
 * Returns one form for all spellings of an e-mail address that people consider equal. Outer spaces are removed, Unicode
 * is composed (NFC, RFC 6532 section 3.1), letters are lower case, and an international domain is in ASCII (UTS 46).
 * Compatibility folding (NFKC) is not applied, because it would merge look-alikes with the address of another user.
 * Send mail only to the stored address, never to the submitted one.
 */
export function normalizeEmail(email: string): string {
  const folded = email.trim().normalize('NFC').toLowerCase().normalize('NFC');
  const at = folded.lastIndexOf('@') + 1;
  return at === 0 ? folded : folded.slice(0, at) + asciiDomain(folded.slice(at));
}

/**
 * Leaves plain ASCII unchanged, because the URL parser behind the conversion also interprets ports, paths, and escapes.
 */
function asciiDomain(domain: string): string {
  const convertible = /\P{ASCII}/u.test(domain) && /^[\w.\-\P{ASCII}]+$/u.test(domain);
  return (convertible && domainToASCII(domain)) || domain;
}
