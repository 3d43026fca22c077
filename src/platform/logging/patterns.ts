/** The replacement for removed text. */
export const REDACTED = '[redacted]';

const MAX_LENGTH = 8192;

interface Pattern {
  find: RegExp;
  /** A check of a match that the expression alone cannot decide. */
  when?: (match: string) => boolean;
  replacement?: string;
}

/** Boundaries of a digit sequence that is not part of an identifier, UUID, decimal number, or version. */
const START = String.raw`(?<![\w.-])`;
const END = String.raw`(?![\w-]|\.\d)`;

const PATTERNS: readonly Pattern[] = [
  { find: /\beyJ[\w-]{5,}\.[\w-]{2,}(?:\.[\w-]*)?/g }, // JSON web tokens
  { find: /\b(bearer|basic)\s+[\w.~+/=-]{4,}/gi, replacement: `$1 ${REDACTED}` },
  { find: /\b(?:vs|whsec|vsscim)_[\w+/=-]{8,}/g }, // prefixes of the application's secrets
  { find: /(\/\/[^\s:/@]{0,64}):[^\s@/]{1,256}@/g, replacement: `$1:${REDACTED}@` }, // passwords in URLs
  { find: /[^\s@<>"'`(),:;=/?&%[\]{}|]{1,64}(?:@|%40)[\p{L}\d](?:[\p{L}\d.-]{0,252}[\p{L}\d])?/gu }, // e-mail addresses
  { find: new RegExp(String.raw`${START}\d(?:[ -]?\d){12,18}${END}`, 'g'), when: isCardNumber },
  { find: new RegExp(String.raw`${START}\d{3}[- ]?\d{2}[- ]?\d{4}${END}`, 'g') }, // SSN
  { find: new RegExp(String.raw`(?<![\w.-])\+\d{1,3}(?:[ .()-]{0,2}\d){6,13}${END}`, 'g') }, // E.164
  // North American phones
  { find: new RegExp(String.raw`${START}(?:1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-]?)\d{3}[ .-]?\d{4}${END}`, 'g') },
];

/** Every pattern requires one of these. Most strings contain none and need only one pass. */
const HINT = /@|%40|eyj|bearer|basic|_[\w+/=-]{8}|\d[\d ().-]{7}/i;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Replaces e-mail addresses, SSNs, phone numbers, card numbers, tokens, and URL passwords in free text. Truncates the
 * text at 8 kB.
 */
export function scrub(text: string): string {
  if (UUID.test(text)) return text;
  let clean = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  if (!HINT.test(clean)) return clean;
  for (const { find, when, replacement = REDACTED } of PATTERNS) {
    clean =
      when === undefined
        ? clean.replace(find, replacement)
        : clean.replace(find, (match) => (when(match) ? replacement : match));
  }
  return clean;
}

/** Returns true if the check digit is valid for a payment card (ISO/IEC 7812-1 annex B, "Luhn"). */
export function isCardNumber(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return digits.length >= 13 && sum % 10 === 0;
}
