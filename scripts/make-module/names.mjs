import { Fixable } from '../lib/log.mjs';

const PLURAL = /^[a-z]{2,}(-[a-z]+)*$/;
/** Names of permissions and tables are limited in length; this leaves room for their suffixes. */
const MAX_LENGTH = 30;

const pascal = (name) => name.replace(/(^|-)([a-z])/g, (_, _dash, letter) => letter.toUpperCase());
const camel = (name) => name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
const snake = (name) => name.replaceAll('-', '_');
const words = (name) => name.replaceAll('-', ' ');
const sentence = (name) => words(name).replace(/^[a-z]/, (letter) => letter.toUpperCase());

/** Returns the singular of a plural by the regular forms of English. */
export function singularOf(plural) {
  if (/[^aeiou]ies$/.test(plural)) return plural.replace(/ies$/, 'y');
  if (/(ss|sh|ch|x|zz)es$/.test(plural)) return plural.replace(/es$/, '');
  return plural.replace(/s$/, '');
}

/** Returns every form of a module's name, by its placeholder in the templates. Throws for invalid names. */
export function namesOf(plural, singular = singularOf(plural ?? '')) {
  if (plural === undefined || !PLURAL.test(plural) || plural.length > MAX_LENGTH)
    throw new Fixable(
      `A module needs a name in kebab case: lowercase letters and hyphens, at most ${MAX_LENGTH} characters.`,
      'npm run make:module bulletins',
    );
  if (!PLURAL.test(singular) || singular === plural)
    throw new Fixable(
      `"${plural}" has no regular singular: name a plural, or both forms.`,
      'npm run make:module statuses -- --singular=status',
    );
  return {
    things: plural,
    thing: singular,
    Things: pascal(plural),
    Thing: pascal(singular),
    camelThings: camel(plural),
    table: snake(plural),
    event: snake(singular),
    words: words(plural),
    word: words(singular),
    Words: sentence(plural),
  };
}

/** Replaces the placeholders `$name$` of a template. Throws for a placeholder that has no value. */
export function filled(template, names) {
  return template.replace(/\$([a-zA-Z]+)\$/g, (placeholder, name) => {
    if (names[name] === undefined) throw new Error(`a template has the unknown placeholder ${placeholder}`);
    return names[name];
  });
}
