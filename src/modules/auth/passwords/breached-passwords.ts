import { dictionary } from '@zxcvbn-ts/language-common';

/** The passwords found most often in what was stolen elsewhere; read once, when the process starts. */
const FOUND: ReadonlySet<string> = new Set(dictionary['passwords-common'].map((password) => password.toLowerCase()));

/** What people put in place of letters, and, second, what the shift key makes of digits. */
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

/** As much as this may stand before and behind a word without making it another: a year, a count, some signs. */
const LONGEST_TRIMMING = 8;
/** The policy refuses what is longer. */
const LONGEST = 128;

/**
 * Whether a password is one of those that are tried first: on the list, or made of one on the list by case, by signs in
 * place of letters, by signs between them, by digits and signs around it, or by saying it again.
 */
export function isBreached(password: string): boolean {
  const folded = password.slice(0, LONGEST).normalize('NFKC').toLowerCase();
  return bare(folded).some((word) =>
    spellings(word).some((spelling) => FOUND.has(spelling) || FOUND.has(once(spelling))),
  );
}

/** How somebody may have come to write it. */
function spellings(word: string): string[] {
  const plain = replaced(word, LEET);
  return [
    word,
    replaced(word, SHIFTED),
    plain,
    plain.replaceAll(/[^\p{L}\p{N}]/gu, ''),
    word.replaceAll(/[^\p{L}\p{N}]/gu, ''),
  ];
}

/**
 * The whole, and what is left of it without digits and signs around: where those are few, or are themselves on the
 * list.
 */
function bare(folded: string): string[] {
  const [, before = '', core = '', behind = ''] = /^([^\p{L}]*)(.*?)([^\p{L}]*)$/su.exec(folded) ?? [];
  const around = before + behind;
  const trivial = around.length <= LONGEST_TRIMMING || FOUND.has(around.replaceAll(/\D/g, ''));
  return trivial && core !== '' ? [folded, core, before + core, core + behind] : [folded];
}

function replaced(word: string, by: Readonly<Record<string, string>>): string {
  return word.replaceAll(/./gsu, (sign) => by[sign] ?? sign);
}

/** `abcabc` as `abc`. */
function once(word: string): string {
  return word.replaceAll(/(.{2,}?)\1+/gsu, '$1');
}
