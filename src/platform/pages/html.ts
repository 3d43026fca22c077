/** Markup that is safe to send: made by {@link html} alone. */
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
 * Markup from a template: every value is escaped unless it is markup itself, lists are joined, and nothing stands for
 * false, null and undefined. Values go into text and quoted attributes; an address has to be one of ours.
 */
export function html(strings: TemplateStringsArray, ...values: Part[]): Html {
  return new Html(
    strings.reduce((text, string, i) => text + string + (i < values.length ? render(values[i]) : ''), ''),
  );
}

/** Markup that a library made of values it escaped. */
export function markup(text: string): Html {
  return new Html(text);
}
