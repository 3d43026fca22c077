import type { Answer, Client } from './client.js';

export const HTML = { accept: 'text/html' };

/** Opens a page like a browser. */
export function open(client: Client, path: string): Promise<Answer> {
  return client.send('GET', path, { headers: HTML });
}

/** Posts a form like a browser on a page of the given origin. */
export function form(
  client: Client,
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = { origin: new URL(client.baseUrl).origin },
): Promise<Answer> {
  return client.send('POST', path, {
    raw: new URLSearchParams(fields).toString(),
    headers: { ...HTML, 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });
}

/** Returns the value of a hidden field of a page, or undefined. */
export function hiddenField({ text }: Answer, name: string): string | undefined {
  return new RegExp(`<input type="hidden" name="${name}" value="([^"]*)"`).exec(text)?.[1];
}

/** Returns the status and the target of a redirect. */
export function redirect({ status, headers }: Answer): [status: number, location: string | null] {
  return [status, headers.get('location')];
}
