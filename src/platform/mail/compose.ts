import MailComposer from 'nodemailer/lib/mail-composer';
import { isMailAddress } from './address.js';
import type { MailMessage } from './message.js';

/** A message as it travels (RFC 5322), and between whom (RFC 5321). */
export interface ComposedMail {
  from: string;
  to: string;
  raw: Buffer;
}

const LONGEST_SUBJECT = 250;

/**
 * Writes a message out. Throws TypeError when an address is none or the subject is no single line: headers hold nothing
 * else.
 */
export async function compose({ to, subject, text }: MailMessage, from: string, date: Date): Promise<ComposedMail> {
  if (!isMailAddress(to) || !isMailAddress(from)) throw new TypeError('mail goes from one address to one address');
  if (subject === '' || subject.length > LONGEST_SUBJECT || /\p{C}|\p{Zl}|\p{Zp}/u.test(subject))
    throw new TypeError('the subject of a mail is one line');
  const composer = new MailComposer({
    from: { name: '', address: from },
    to: { name: '', address: to },
    subject,
    text,
    date,
    headers: { 'Auto-Submitted': 'auto-generated' }, // RFC 3834: no automatic answers, please
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: '\r\n',
  });
  return { from, to, raw: await composer.compile().build() };
}

/**
 * Text of somebody's choice as one line without control characters, for a subject or a sentence: at most 100
 * characters.
 */
export function oneLine(text: string): string {
  const line = text.replaceAll(/[\p{C}\p{Z}]+/gu, ' ').trim();
  return [...line].slice(0, 100).join('');
}
