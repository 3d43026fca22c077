import { isEmail, ValidateBy } from 'class-validator';
import { normalizeEmail } from '../crypto/index.js';

/**
 * A dot-atom (RFC 5322 section 3.2.3, with the letters of RFC 6532) at a host name. A mail header cannot interpret it
 * in another way.
 */
const DOT_ATOM = /^[^\s"(),:;<>@[\\\]\p{C}]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+$/iu;
const MAX_LENGTH = 254;
const ASCII = /^\p{ASCII}+$/u;

/**
 * Returns true for one e-mail address that `normalizeEmail` converts to a mail address: the domain can also be in
 * Unicode (UTS 46). Quoted local parts and address literals are invalid. Every address that enters the application must
 * match.
 */
export function isMailAddress(text: unknown): text is string {
  if (typeof text !== 'string' || text.length > MAX_LENGTH || !/^\S+$/.test(text)) return false;
  const normalized = normalizeEmail(text);
  return isAsciiAddress(normalized) && !hasAsciiVariant(normalized);
}

/**
 * Returns true for a text with a compatibility variant of ASCII, such as a full-width letter (UAX #15). No mail
 * provider issues such an address, and in every list it looks like the address of another user. Other letters are
 * allowed (RFC 6531).
 */
function hasAsciiVariant(text: string): boolean {
  return [...text].some((letter) => !ASCII.test(letter) && ASCII.test(letter.normalize('NFKC')));
}

/** Returns true for an address that a mail header can contain: its domain is in ASCII, as in `normalizeEmail`. */
export function isAsciiAddress(text: string): boolean {
  return text.length <= MAX_LENGTH && DOT_ATOM.test(text) && isEmail(text);
}

/** Requires one e-mail address of at most 254 characters. */
export function IsMailAddress(): PropertyDecorator {
  return ValidateBy({
    name: 'isMailAddress',
    validator: { validate: isMailAddress, defaultMessage: () => 'must be an e-mail address' },
  });
}
