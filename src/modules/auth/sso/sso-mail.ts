import { oneLine, type MailMessage } from '../../../platform/mail/index.js';
import type { NoticeMail, NoticeSubject } from './sso-notices.repository.js';

/** What there is to tell. */
export type NoticeKind = 'certificate_expiring' | 'domain_lost' | 'domain_unverified' | 'break_glass';

/** What each is about, and who hears of it: those who may change connections, or those who lead. */
export const NOTICES: Readonly<Record<NoticeKind, { subject: NoticeSubject; leaders: boolean }>> = {
  certificate_expiring: { subject: 'connection', leaders: false },
  domain_lost: { subject: 'domain', leaders: false },
  domain_unverified: { subject: 'domain', leaders: false },
  break_glass: { subject: 'membership', leaders: true },
};

const TEXTS: Readonly<Record<NoticeKind, (about: string, days: number) => readonly [string, string]>> = {
  certificate_expiring: (about, days) => [
    `Single sign-on "${about}": the certificate expires within ${days === 1 ? 'a day' : `${days} days`}`,
    'The identity provider has to publish a new certificate before then. A connection with a metadata address ' +
      'takes it over by itself; for any other, hand in the new one beside the old.',
  ],
  domain_lost: (about) => [
    `The DNS record that shows ${about} to be yours is missing`,
    'Put it back within a week. After that the domain no longer counts as yours: addresses of it are not led ' +
      'to your single sign-on, and accounts are not linked by them.',
  ],
  domain_unverified: (about) => [
    `${about} no longer counts as yours`,
    'Its DNS record has been missing for a week, or another organization has shown the domain to be its own. ' +
      'Put the record back and verify the domain again.',
  ],
  break_glass: (about) => [
    `${about} signed in past your single sign-on`,
    'Single sign-on is enforced, and somebody who leads came in by a sign-in of their own with a second ' +
      'factor, as is possible for the case that the identity provider fails. If that was not meant to happen, end ' +
      'their sessions and look at the log.',
  ],
};

/** A mail about single sign-on. Names are of others' choice, so each stays a part of its line. */
export function noticeMail(kind: NoticeKind, { email, organization, about }: NoticeMail, days: number): MailMessage {
  const [subject, text] = TEXTS[kind](oneLine(about), days);
  return { to: email, subject, text: [`${oneLine(organization)}: ${subject}.`, '', text, ''].join('\n') };
}
