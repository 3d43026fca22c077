import { oneLine, type MailMessage } from '../../../platform/mail/index.js';
import { deviceName, locationLabel } from '../sessions/index.js';
import type { ObservedSession } from './sign-in-alerts.repository.js';

/** The anomalies of a sign-in. `impossibleFrom` is the country of the last sign-in, if it is too far away. */
export interface Unusual {
  newDevice: boolean;
  newPlace: boolean;
  impossibleFrom?: string;
}

/** Returns the mail about an unusual sign-in. It contains no action link, because phishing mails could imitate one. */
export function signInMail(
  { email, organization, createdAt, userAgent, country }: ObservedSession,
  unusual: Unusual,
  origin: string,
): MailMessage {
  const location = locationLabel(country) ?? 'unknown';
  return {
    to: email,
    subject: `New sign-in to ${oneLine(organization)}`,
    text: [
      `Your account was used to sign in to ${oneLine(organization)}.`,
      '',
      `Time: ${createdAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
      `Device: ${deviceName(userAgent) ?? 'unknown'}${unusual.newDevice ? ' (new)' : ''}`,
      `Location: ${location}${unusual.newPlace ? ' (new)' : ''}`,
      '',
      ...(unusual.impossibleFrom === undefined
        ? []
        : [
            `Shortly before, the account was used in ${locationLabel(unusual.impossibleFrom)}, which is too far ` +
              'away to travel in that time. A VPN can cause this.',
            'This session cannot perform sensitive actions until you confirm your identity again.',
            '',
          ]),
      'If this was you, you can ignore this mail.',
      `If this was not you, sign in at ${origin} and select "End all other sessions". If you have a password, ` +
        'change it. A password change also ends all other sessions.',
      '',
    ].join('\n'),
  };
}
