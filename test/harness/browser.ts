import type { Answer } from './client.js';
import { Client } from './client.js';

const FORM = /<form[^>]*\saction="([^"]*)"[^>]*>/i;
const INPUT = /<input[^>]*>/gi;

function unescaped(text: string): string {
  return text
    .replaceAll(/&#x([0-9a-f]+);/gi, (_all, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
    .replaceAll(/&#(\d+);/g, (_all, digits: string) => String.fromCodePoint(Number(digits)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}

function attributeOf(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\s${name}="([^"]*)"`, 'i').exec(tag)?.[1];
  return value === undefined ? undefined : unescaped(value);
}

/** A form that is not submitted yet. */
export interface PendingForm {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** A user's browser: it keeps cookies by host, follows redirects, and submits each form on a page. */
export class Browser {
  private readonly clients = new Map<string, Client>();
  /** Every opened URL, in order. */
  readonly history: string[] = [];

  /**
   * `aliases` maps an origin to the real one, such as the public URL of the application. `typed` holds the values that
   * the user types into fields of these names.
   */
  constructor(
    private readonly aliases: Readonly<Record<string, string>>,
    private readonly typed: Readonly<Record<string, string>> = {},
  ) {}

  at(origin: string): Client {
    const real = this.aliases[origin] ?? origin;
    const known = this.clients.get(real) ?? new Client(real);
    this.clients.set(real, known);
    return known;
  }

  /** Opens a URL and continues until a page has neither a redirect nor a form, or until `until` returns true. */
  async visit(
    startUrl: string,
    until: (form: PendingForm) => boolean = () => false,
  ): Promise<Answer & { form?: PendingForm; url: string }> {
    let url = new URL(startUrl);
    let answer = await this.get(url);
    for (let step = 0; step < 12; step += 1) {
      const location = answer.headers.get('location');
      if (location !== null) {
        url = new URL(location, url);
        answer = await this.get(url);
        continue;
      }
      const form = formIn(answer.text, this.typed);
      if (form === undefined) return { ...answer, url: url.href };
      if (until(form)) return { ...answer, form, url: url.href };
      const from = url.origin;
      url = new URL(form.action, url);
      answer = await this.send(url, form, from);
    }
    throw new Error('the browser followed twelve steps without reaching a page');
  }

  /** Submits a form, as a page of another site does. */
  send(url: URL, { fields }: PendingForm, from: string): Promise<Answer> {
    this.history.push(`POST ${url.href}`);
    return this.at(url.origin).post(url.pathname + url.search, undefined, {
      raw: new URLSearchParams(fields).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: from, 'sec-fetch-site': 'cross-site' },
    });
  }

  private get(url: URL): Promise<Answer> {
    this.history.push(`GET ${url.href}`);
    return this.at(url.origin).get(url.pathname + url.search);
  }
}

function formIn(html: string, typed: Readonly<Record<string, string>>): PendingForm | undefined {
  const form = FORM.exec(html);
  if (form === null) return undefined;
  const inputs = (html.match(INPUT) ?? []).map(
    (tag) => [attributeOf(tag, 'name'), attributeOf(tag, 'value') ?? ''] as const,
  );
  const fields: Record<string, string> = Object.fromEntries(inputs.filter(([name]) => name !== undefined));
  for (const [name, value] of Object.entries(typed)) if (name in fields) fields[name] = value;
  return { action: unescaped(form[1]!), fields };
}
