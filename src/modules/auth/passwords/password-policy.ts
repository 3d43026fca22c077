import { Problem } from '../../../platform/problem/index.js';
import { isBreached } from './breached-passwords.js';

const FEWEST_DIFFERENT = 6;
const SHORTEST_OWN_WORD = 4;

/** Whose password it is to be: nobody's name or address makes one. */
export interface PasswordOwner {
  email: string;
  names: readonly string[];
}

/**
 * The policy (claim E5): 12 to 128 characters with an upper-case and a lower-case letter, a digit and a special
 * character; not known from breaches, and not made of its owner's name or address.
 * Throws weak_password, naming each rule that is not met.
 */
export function assertStrong(password: string, owner: PasswordOwner = { email: '', names: [] }): void {
  const rules: readonly [met: boolean, what: string][] = [
    [[...password].length >= 12, 'needs at least 12 characters'],
    [[...password].length <= 128, 'needs at most 128 characters'],
    [/\p{Lu}/u.test(password), 'needs an upper-case letter'],
    [/\p{Ll}/u.test(password), 'needs a lower-case letter'],
    [/\p{Nd}/u.test(password), 'needs a digit'],
    [/[^\p{L}\p{N}]/u.test(password), 'needs a special character'],
    [
      new Set(password.toLowerCase()).size >= FEWEST_DIFFERENT,
      `needs at least ${FEWEST_DIFFERENT} different characters`,
    ],
    [!isBreached(password), 'must not be one of the passwords that are tried first'],
    [!holdsOwnWord(password, owner), 'must not hold your name or address'],
  ];
  const errors = rules.filter(([met]) => !met).map(([, message]) => ({ field: 'password', message }));
  if (errors.length > 0) throw new Problem('weak_password', { errors });
}

/** Words shorter than four letters stand in anything. */
function holdsOwnWord(password: string, { email, names }: PasswordOwner): boolean {
  const folded = fold(password);
  const own = [email, ...names].map((text) => text.split('@')[0]!); // some are called by their address
  const words = own.flatMap((text) => [fold(text), ...text.split(/[^\p{L}\p{M}]+/u).map(fold)]);
  return words.some((word) => word.length >= SHORTEST_OWN_WORD && folded.includes(word));
}

/** Letters and digits alone, without case and accents. */
function fold(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
}
