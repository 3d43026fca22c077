import { oneLine, type MailMessage } from '../../../platform/mail/index.js';
import { deviceName, locationLabel } from '../sessions/index.js';
import type { ObservedSession } from './sign-in-alerts.repository.js';

/** What is unusual about a sign-in; `impossibleFrom` is the country nobody could have come from in the time. */
export interface Unusual {
  newDevice: boolean;
  newPlace: boolean;
  impossibleFrom?: string;
}

/** The mail about an unusual sign-in. It asks for nothing and leads nowhere: a mail that did could be imitated. */
export function signInMail(
  { email, organization, createdAt, userAgent, country }: ObservedSession,
  unusual: Unusual,
  origin: string,
): MailMessage {
  const place = locationLabel(country) ?? 'not known';
  return {
    to: email,
    subject: `New sign-in to ${oneLine(organization)}`,
    text: [
      `Somebody signed in to ${oneLine(organization)} with your account.`,
      '',
      `Time: ${createdAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
      `Device: ${deviceName(userAgent) ?? 'not known'}${unusual.newDevice ? ' (new)' : ''}`,
      `Place: ${place}${unusual.newPlace ? ' (new)' : ''}`,
      '',
      ...(unusual.impossibleFrom === undefined
        ? []
        : [
            `Not long before, the account was used in ${locationLabel(unusual.impossibleFrom)}, which is too far ` +
              'away. A VPN can look like that.',
            'Until you sign in once more, this session cannot do what asks for a fresh sign-in.',
            '',
          ]),
      'If it was you, nothing has to be done.',
      `If not: sign in at ${origin}, end the session in the list of your sessions, and change your password, ` +
        'which ends all others.',
      '',
    ].join('\n'),
  };
}
