import { dictionary } from '@zxcvbn-ts/language-common';

/** The most frequent passwords of known breaches. The list is read once, when the process starts. */
const COMMON: ReadonlySet<string> = new Set(dictionary['passwords-common'].map((password) => password.toLowerCase()));

/** Characters that users often write in place of letters. */
const LEET: Readonly<Record<string, string>> = {
  '@': 'a',
  '4': 'a',
  '8': 'b',
  '(': 'c',
  '3': 'e',
  '6': 'g',
  '9': 'g',
  '1': 'i',
  '!': 'i',
  '|': 'l',
  '0': 'o',
  $: 's',
  '5': 's',
  '7': 't',
  '+': 't',
  '2': 'z',
};
/** Characters that the shift key produces instead of digits. */
const SHIFTED: Readonly<Record<string, string>> = {
  '!': '1',
  '@': '2',
  '#': '3',
  $: '4',
  '%': '5',
  '^': '6',
  '&': '7',
  '*': '8',
  '(': '9',
  ')': '0',
};

/** The number of characters around a word that are ignored, such as a year, a counter, or punctuation. */
const MAX_TRIMMED_LENGTH = 8;
/** The maximum length of the password policy. */
const MAX_PASSWORD_LENGTH = 128;

/**
 * Returns whether a password is on the list of common passwords, or a simple variation of one. Variations are: other
 * case, symbols in place of letters, symbols between letters, digits and symbols around the word, and repetition.
 */
export function isBreached(password: string): boolean {
  const folded = password.slice(0, MAX_PASSWORD_LENGTH).normalize('NFKC').toLowerCase();
  return trimmedWords(folded).some((word) =>
    spellings(word).some((spelling) => COMMON.has(spelling) || COMMON.has(collapseRepetition(spelling))),
  );
}

/** Returns the common passwords that the word can be a variation of. */
function spellings(word: string): string[] {
  const plain = replaceCharacters(word, LEET);
  return [
    word,
    replaceCharacters(word, SHIFTED),
    plain,
    plain.replaceAll(/[^\p{L}\p{N}]/gu, ''),
    word.replaceAll(/[^\p{L}\p{N}]/gu, ''),
  ];
}

/**
 * Returns the password, and the password without the digits and symbols around it. The second form is included only if
 * these characters are few, or are a common password themselves.
 */
function trimmedWords(folded: string): string[] {
  const [, before = '', core = '', behind = ''] = /^([^\p{L}]*)(.*?)([^\p{L}]*)$/su.exec(folded) ?? [];
  const around = before + behind;
  const trivial = around.length <= MAX_TRIMMED_LENGTH || COMMON.has(around.replaceAll(/\D/g, ''));
  return trivial && core !== '' ? [folded, core, before + core, core + behind] : [folded];
}

function replaceCharacters(word: string, replacements: Readonly<Record<string, string>>): string {
  return word.replaceAll(/./gsu, (character) => replacements[character] ?? character);
}

/** Returns `abc` for `abcabc`. */
function collapseRepetition(word: string): string {
  return word.replaceAll(/(.{2,}?)\1+/gsu, '$1');
}
