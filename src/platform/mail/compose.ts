import MailComposer from 'nodemailer/lib/mail-composer';
import { encodeWord } from 'nodemailer/lib/mime-funcs';
import { isAsciiAddress } from './address.js';
import type { MailMessage } from './message.js';

/** A composed message (RFC 5322) with its envelope (RFC 5321). */
export interface ComposedMail {
  from: string;
  to: string;
  raw: Buffer;
}

const MAX_SUBJECT_LENGTH = 250;

/**
 * Composes a message. Throws a TypeError for an invalid e-mail address or a subject that is not a single line, which
 * prevents header injection.
 */
export async function compose({ to, subject, text }: MailMessage, from: string, date: Date): Promise<ComposedMail> {
  if (!isAsciiAddress(to) || !isAsciiAddress(from))
    throw new TypeError('a mail requires one valid sender and one valid recipient');
  if (subject === '' || subject.length > MAX_SUBJECT_LENGTH || /\p{C}|\p{Zl}|\p{Zp}/u.test(subject))
    throw new TypeError('the subject of a mail must be a single line');
  const composer = new MailComposer({
    from: { name: '', address: from },
    to: { name: '', address: to },
    subject: encoded(subject),
    text,
    date,
    headers: { 'Auto-Submitted': 'auto-generated' }, // RFC 3834: prevents automatic replies
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: '\r\n',
  });
  return { from, to, raw: await composer.compile().build() };
}

/**
 * Encodes a header text that contains the start of an encoded word (RFC 2047). A mail client would decode it to any
 * characters, also to those that the rule for text rejects. nodemailer leaves a valid encoded word as it is.
 */
const encoded = (text: string): string => (text.includes('=?') ? encodeWord(text, 'B', 52) : text);

/**
 * Returns user-supplied text as one line of at most 100 characters without control characters, for a subject or a
 * sentence.
 */
export function oneLine(text: string): string {
  const line = text.replaceAll(/[\p{C}\p{Z}]+/gu, ' ').trim();
  return [...line].slice(0, 100).join('');
}
