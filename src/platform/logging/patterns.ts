/** What stands where something was taken out. */
export const REDACTED = '[redacted]';

const LONGEST = 8192;

interface Pattern {
  find: RegExp;
  /** Decides about a match that the expression alone cannot judge. */
  when?: (match: string) => boolean;
  replacement?: string;
}

/** Digits on their own: not a part of an identifier, a UUID, a decimal number or a version. */
const START = String.raw`(?<![\w.-])`;
const END = String.raw`(?![\w-]|\.\d)`;

const PATTERNS: readonly Pattern[] = [
  { find: /\beyJ[\w-]{5,}\.[\w-]{2,}(?:\.[\w-]*)?/g }, // JSON web tokens
  { find: /\b(bearer|basic)\s+[\w.~+/=-]{4,}/gi, replacement: `$1 ${REDACTED}` },
  { find: /\b(?:vs|whsec|vsscim)_[\w+/=-]{8,}/g }, // the prefixes of our own secrets
  { find: /(\/\/[^\s:/@]{0,64}):[^\s@/]{1,256}@/g, replacement: `$1:${REDACTED}@` }, // passwords in URLs
  { find: /[^\s@<>"'`(),:;=/?&%[\]{}|]{1,64}(?:@|%40)[\p{L}\d](?:[\p{L}\d.-]{0,252}[\p{L}\d])?/gu }, // e-mail addresses
  { find: new RegExp(String.raw`${START}\d(?:[ -]?\d){12,18}${END}`, 'g'), when: isCardNumber },
  { find: new RegExp(String.raw`${START}\d{3}[- ]?\d{2}[- ]?\d{4}${END}`, 'g') }, // SSN
  { find: new RegExp(String.raw`(?<![\w.-])\+\d{1,3}(?:[ .()-]{0,2}\d){6,13}${END}`, 'g') }, // E.164
  // North American phones
  { find: new RegExp(String.raw`${START}(?:1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-]?)\d{3}[ .-]?\d{4}${END}`, 'g') },
];

/** Nothing below can match without one of these; most strings have none, and then cost one pass. */
const HINT = /@|%40|eyj|bearer|basic|_[\w+/=-]{8}|\d[\d ().-]{7}/i;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Takes e-mail addresses, SSNs, phones, cards, tokens and passwords in URLs out of free text; cuts it at 8 kB. */
export function scrub(text: string): string {
  if (UUID.test(text)) return text;
  let clean = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  if (!HINT.test(clean)) return clean;
  for (const { find, when, replacement = REDACTED } of PATTERNS) {
    clean =
      when === undefined
        ? clean.replace(find, replacement)
        : clean.replace(find, (match) => (when(match) ? replacement : match));
  }
  return clean;
}

/** The check digit of payment cards (ISO/IEC 7812-1 annex B, "Luhn"). */
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
