/** Escaped markup. Only {@link html} and {@link markup} create it. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = string | number | Html | false | null | undefined | readonly Part[];

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const isList = (part: Part): part is readonly Part[] => Array.isArray(part);

function render(part: Part): string {
  if (part instanceof Html) return part.text;
  if (isList(part)) return part.map(render).join('');
  if (part === false || part === null || part === undefined) return '';
  return String(part).replaceAll(/[&<>"']/g, (character) => ESCAPES[character]!);
}

/**
 * Builds markup from a template. Escapes every value except markup, joins lists, and omits false, null, and undefined.
 * Use values only in text and quoted attributes; URLs must be the application's own.
 */
export function html(strings: TemplateStringsArray, ...values: Part[]): Html {
  return new Html(
    strings.reduce((text, string, i) => text + string + (i < values.length ? render(values[i]) : ''), ''),
  );
}

/** Wraps markup from a library that escapes its values. */
export function markup(text: string): Html {
  return new Html(text);
}
