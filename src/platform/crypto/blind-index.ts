import { domainToASCII } from 'node:url';
import { assertKey } from './gcm.js';
import { hmac } from './hmac.js';

const INDEX_BYTES = 16;

/**
 * Lets an encrypted column be searched for an exact value: HMAC-SHA256 of the normalized value,
 * cut to 16 bytes. It tells only which rows hold equal values. Derive a key for each column
 * (`deriveKey(key, 'blind-index/people.email')`), so that columns cannot be joined on it.
 */
export function blindIndex(key: Buffer, normalized: string): Buffer {
  assertKey(key);
  if (!normalized.isWellFormed()) throw new TypeError('text to index must be well-formed Unicode');
  return hmac(key, normalized).subarray(0, INDEX_BYTES);
}

/**
 * One form for the e-mail addresses that people take for the same: outer spaces removed, Unicode
 * composed (NFC, RFC 6532 section 3.1), lower case, an international domain in its ASCII form
 * (UTS 46). Compatibility folding (NFKC) is not applied: it would let look-alikes be taken for
 * another's address. Send mail to the stored address all the same, never to the one just typed.
 */
export function normalizeEmail(address: string): string {
  const folded = address.trim().normalize('NFC').toLowerCase().normalize('NFC');
  const at = folded.lastIndexOf('@') + 1;
  return at === 0 ? folded : folded.slice(0, at) + asciiDomain(folded.slice(at));
}

/** Plain ASCII stays as it is: the URL parser behind the conversion would also read ports, paths and escapes. */
function asciiDomain(domain: string): string {
  const convertible = /\P{ASCII}/u.test(domain) && /^[\w.\-\P{ASCII}]+$/u.test(domain);
  return (convertible && domainToASCII(domain)) || domain;
}
