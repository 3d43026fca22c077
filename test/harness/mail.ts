import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Harness } from './app.js';

/** A decoded mail. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
}

/** Returns every mail to an e-mail address, oldest first. */
export async function mailsTo(harness: Harness, email: string): Promise<Mail[]> {
  const folder = harness.env.MAIL_DIR!;
  const names = await readdir(folder).catch(() => [] as string[]);
  const mails = await Promise.all(
    names.toSorted().map(async (name) => readMail(await readFile(path.join(folder, name), 'latin1'))),
  );
  return mails.filter(({ to }) => to === email);
}

/** Reads a message with one text part (RFC 5322) in quoted-printable encoding (RFC 2045, section 6.7). */
export function readMail(raw: string): Mail {
  const [head = '', ...body] = raw.split('\r\n\r\n');
  const headers = new Map(
    head
      .replaceAll(/\r\n[ \t]+/g, ' ')
      .split('\r\n')
      .map((line) => [line.split(':')[0]!.toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const encoded = body.join('\r\n\r\n');
  const quoted = headers.get('content-transfer-encoding') === 'quoted-printable';
  const bytes = quoted
    ? encoded
        .replaceAll('=\r\n', '')
        .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : encoded;
  return {
    to: headers.get('to') ?? '',
    subject: headers.get('subject') ?? '',
    text: Buffer.from(bytes, 'latin1').toString(),
  };
}

/** Waits until all jobs have ended and returns the token of the newest mail that has one. */
export async function mailedToken(harness: Harness, email: string): Promise<string> {
  await harness.settled();
  const tokens = (await mailsTo(harness, email)).flatMap(({ text }) => text.match(/(?<=#token=)\S+/) ?? []);
  if (tokens.length === 0) throw new Error(`no token was sent to ${email}`);
  return tokens.at(-1)!;
}

/** Returns the token of the newest invitation to an e-mail address. */
export const inviteToken = mailedToken;
