import type { MailMessage } from '../../../platform/mail/index.js';
import { RESET_PATH, tokenLink, VERIFY_PATH } from './account-links.js';

/** The purpose of a mail about an account. */
export type MailKind = 'reset' | 'verify' | 'locked';

/** The validity of a mailed token, in minutes. */
export const TOKEN_MINUTES = { reset: 30, verify: 24 * 60 } as const;

const IGNORE_NOTE = 'If you did not request this, you can ignore this mail. Your account does not change.';

/** Returns the mail with a link to set a password. */
export function resetMail(to: string, origin: string, token: string): MailMessage {
  return mail(to, 'Set your password', [
    'We received a request to set a password for this e-mail address. To choose a password, open this link:',
    '',
    tokenLink(origin, RESET_PATH, token),
    '',
    `The link works once and is valid for ${TOKEN_MINUTES.reset} minutes. A new password ends all of your sessions.`,
    IGNORE_NOTE,
  ]);
}

/** Returns the mail for a user whose organizations do not allow passwords. */
export function noPasswordMail(to: string, origin: string): MailMessage {
  return mail(to, 'Sign in through your organization', [
    'We received a request to set a password for this e-mail address. Your organization uses single sign-on ' +
      'instead of passwords.',
    '',
    `Sign in here: ${origin}`,
    IGNORE_NOTE,
  ]);
}

/** Returns the mail with a link that verifies the e-mail address. */
export function verifyMail(to: string, origin: string, token: string): MailMessage {
  return mail(to, 'Confirm your e-mail address', [
    'To confirm this e-mail address, open the link and sign in if you are asked to:',
    '',
    tokenLink(origin, VERIFY_PATH, token),
    '',
    'The link works once and is valid for one day.',
    IGNORE_NOTE,
  ]);
}

/** Returns the mail about a lockout. Each lockout sends one mail. */
export function lockedMail(to: string): MailMessage {
  return mail(to, 'Sign-in is locked for 15 minutes', [
    'Sign-in with this e-mail address failed five times and is now locked for 15 minutes. All of the attempts ' +
      'failed. Your open sessions are not affected.',
    '',
    'If this was you, wait, or set a new password to unlock sign-in. If this was not you, no action is required. ' +
      'If you use the same password for other services, change it there.',
  ]);
}

function mail(to: string, subject: string, lines: string[]): MailMessage {
  return { to, subject, text: [...lines, ''].join('\n') };
}
