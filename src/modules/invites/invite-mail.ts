import { oneLine, type MailMessage } from '../../platform/mail/index.js';
import type { InviteMail } from './invites.repository.js';

/**
 * The mail of an invite. The token stands behind `#`, which browsers keep to themselves: it reaches no server's log.
 * Names are of others' choice, so each stays a part of its line.
 */
export function inviteMail({ email, expiresAt, organization, inviter }: InviteMail, link: string): MailMessage {
  return {
    to: email,
    subject: `Invitation to ${oneLine(organization)}`,
    text: [
      `${oneLine(inviter)} invites you to become a member of ${oneLine(organization)}.`,
      '',
      'To accept, open:',
      '',
      link,
      '',
      'The link is for you alone, works once, and ends on ' +
        `${expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC.`,
      'If you did not expect it, leave it: nothing happens without you.',
      '',
    ].join('\n'),
  };
}
