import type { MailMessage } from '../../../platform/mail/index.js';
import { RESET_PATH, tokenLink, VERIFY_PATH } from './account-links.js';

/** What a mail about an account is about. */
export type MailKind = 'reset' | 'verify' | 'locked';

/** Minutes for which the token of a mail is good. */
export const TOKEN_MINUTES = { reset: 30, verify: 24 * 60 } as const;

const LEAVE_IT = 'If you did not ask for this, leave it: nothing happens without you.';

/** To set a password, for somebody who forgot it or never had one. */
export function resetMail(to: string, origin: string, token: string): MailMessage {
  return mail(to, 'Set your password', [
    'Somebody asked to set a password for this address. To choose one, open:',
    '',
    tokenLink(origin, RESET_PATH, token),
    '',
    `The link works once, for ${TOKEN_MINUTES.reset} minutes. A new password ends every session there is.`,
    LEAVE_IT,
  ]);
}

/** To somebody whose organizations take no passwords. */
export function noPasswordMail(to: string, origin: string): MailMessage {
  return mail(to, 'Sign in through your organization', [
    'Somebody asked to set a password for this address. There is none to set: your organization signs you in ' +
      'by its single sign-on.',
    '',
    `Sign in there: ${origin}`,
    LEAVE_IT,
  ]);
}

/** To show that an address is one's own. */
export function verifyMail(to: string, origin: string, token: string): MailMessage {
  return mail(to, 'Confirm your e-mail address', [
    'To confirm that this address is yours, open the link where you are signed in:',
    '',
    tokenLink(origin, VERIFY_PATH, token),
    '',
    'The link works once, for a day.',
    LEAVE_IT,
  ]);
}

/** Once a lock. */
export function lockedMail(to: string): MailMessage {
  return mail(to, 'Sign-in was locked for a while', [
    'Sign-in with this address failed five times and is locked for fifteen minutes. Nobody got in, and ' +
      'sessions that are open stay so.',
    '',
    'If it was you: wait, or set a new password, which lifts the lock. If not: you need do nothing, unless ' +
      'your password is used elsewhere too.',
  ]);
}

function mail(to: string, subject: string, lines: string[]): MailMessage {
  return { to, subject, text: [...lines, ''].join('\n') };
}
