import { oneLine, type MailMessage } from '../../platform/mail/index.js';
import type { InviteMail } from './invites.repository.js';

/**
 * Returns the mail of an invite. The token follows `#`, because browsers do not send the fragment to a server, so no
 * server log contains it. Users choose the names, so each name is limited to its line.
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
      'The link is for you only, works once, and expires on ' +
        `${expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC.`,
      'If you did not expect this invitation, ignore it. You become a member only if you accept.',
      '',
    ].join('\n'),
  };
}
