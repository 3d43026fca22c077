import { Problem } from '../../../platform/problem/index.js';
import { isBreached } from './breached-passwords.js';

const MIN_DIFFERENT_CHARACTERS = 6;
const MIN_OWN_WORD_LENGTH = 4;

/** The user that a password belongs to. The password must not contain the user's names or e-mail address. */
export interface PasswordOwner {
  email: string;
  names: readonly string[];
}

/**
 * Enforces the password policy (claim E5). A password has 12 to 128 characters, with an upper-case letter, a lower-case
 * letter, a digit, and a special character. It is not a common password and does not contain the owner's name or e-mail
 * address. Throws `weak_password` with one error for each rule that is not met.
 */
export function assertStrong(password: string, owner: PasswordOwner = { email: '', names: [] }): void {
  const rules: readonly [met: boolean, message: string][] = [
    [[...password].length >= 12, 'needs at least 12 characters'],
    [[...password].length <= 128, 'needs at most 128 characters'],
    [/\p{Lu}/u.test(password), 'needs an upper-case letter'],
    [/\p{Ll}/u.test(password), 'needs a lower-case letter'],
    [/\p{Nd}/u.test(password), 'needs a digit'],
    [/[^\p{L}\p{N}]/u.test(password), 'needs a special character'],
    [
      new Set(password.toLowerCase()).size >= MIN_DIFFERENT_CHARACTERS,
      `needs at least ${MIN_DIFFERENT_CHARACTERS} different characters`,
    ],
    [!isBreached(password), 'must not be a commonly used password'],
    [!containsOwnWord(password, owner), 'must not contain your name or e-mail address'],
  ];
  const errors = rules.filter(([met]) => !met).map(([, message]) => ({ field: 'password', message }));
  if (errors.length > 0) throw new Problem('weak_password', { errors });
}

/** Returns whether a password contains a name of its owner. Ignores shorter words, because they occur by chance. */
function containsOwnWord(password: string, { email, names }: PasswordOwner): boolean {
  const folded = fold(password);
  const own = [email, ...names].map((text) => text.split('@')[0]!); // the name of some members is their e-mail address
  const words = own.flatMap((text) => [fold(text), ...text.split(/[^\p{L}\p{M}]+/u).map(fold)]);
  return words.some((word) => word.length >= MIN_OWN_WORD_LENGTH && folded.includes(word));
}

/** Returns the letters and digits of a text, without case and accents. */
function fold(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
}
