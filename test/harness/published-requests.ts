import { expect } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer } from './client.js';
import type { Directory } from './directory.js';

/** Ids and names that earlier requests of a collection created. */
export type Known = Record<string, string>;

interface Request {
  /** The method and the path. `{name}` is a known id. */
  send: string;
  body?: (known: Known) => unknown;
  /** The header Authorization, if it is not that of the SCIM client. */
  authorization?: string;
}

/** One request that a provider of directories published, with the answer that it expects. */
export interface PublishedRequest extends Request {
  /** The name of the request in the publication. */
  name: string;
  /** The published status, or null when the publication checks none. */
  expects: number | null;
  /** The attributes that the publication checks. */
  has?: (known: Known) => object;
  /** The path of an attribute that the answer does not have. */
  lacks?: readonly string[];
  /** Text that the answer contains. */
  text?: string;
  /** The name under which the id of the answer is kept. */
  keep?: string;
  /** An intended difference, and the section that permits it. */
  differs?: { status: number; section: string };
  /** The request in the published form, if only another form gives the expected answer. */
  asPublished?: Partial<Request> & { status: number; section: string };
}

/** Sends a published request and checks the answer. */
export async function checkRequest(directory: Directory, known: Known, request: PublishedRequest): Promise<void> {
  const { has, lacks, text, keep, asPublished } = request;
  if (asPublished !== undefined) {
    const { status } = await sendRequest(directory, known, { ...request, ...asPublished });
    expect(status).toBe(asPublished.status);
  }
  const answer = await sendRequest(directory, known, request);
  expect([answer.status, answer.text]).toEqual([statusOf(request), expect.anything()]);
  if (has !== undefined) expect(answer.body).toMatchObject(has(known));
  if (lacks !== undefined) expect(answer.body).not.toHaveProperty([...lacks]);
  if (text !== undefined) expect(answer.text).toContain(filled(text, known));
  if (keep !== undefined) known[keep] = answer.body.id as string;
}

/** Returns the status of our answer. Without a published status, it is that of a success. */
function statusOf({ send, expects, differs }: PublishedRequest): number {
  return differs?.status ?? expects ?? (send.startsWith('PATCH') ? 204 : 200);
}

async function sendRequest(
  directory: Directory,
  known: Known,
  { send, body, authorization }: Request,
): Promise<Answer> {
  const [, method = '', path = ''] = /^(\S+) \/(.*)$/.exec(send) ?? [];
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  return directory.send(method, encodeURI(filled(path, known)), body?.(known), headers);
}

function filled(text: string, known: Known): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    if (known[name] === undefined) throw new Error(`no request kept ${name}`);
    return known[name];
  });
}

/** Returns the lines of the table that the documentation shows for a collection. */
export function tableLines(requests: readonly PublishedRequest[]): string[] {
  return requests.map((request, index) => {
    const { name, send, expects, differs, asPublished } = request;
    const seen = statusOf(request);
    const shown = asPublished === undefined ? `${seen}` : `${asPublished.status}; corrected: ${seen}`;
    const section = differs?.section ?? asPublished?.section ?? '';
    const cells = [index + 1, name, `\`${send}\``, expects ?? '–', shown, section];
    return `| ${cells.join(' | ')} |`.replaceAll(/ +/g, ' ');
  });
}

/** Returns the lines of the document, with single spaces in its tables. */
export function documentLines(): string[] {
  return readFileSync(join(import.meta.dirname, '../../docs/scim-conformance.md'), 'utf8')
    .split('\n')
    .map((line) => line.replaceAll(/ +/g, ' '));
}
