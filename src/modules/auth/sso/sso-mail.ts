import { oneLine, type MailMessage } from '../../../platform/mail/index.js';
import type { NoticeMail, NoticeSubject } from './sso-notices.repository.js';

/** The kinds of SSO notification. */
export type NoticeKind =
  | 'certificate_expiring'
  | 'domain_lost'
  | 'domain_unverified'
  | 'break_glass'
  | 'identity_linked'
  | 'own_identity_linked'
  | 'own_address_followed'
  | 'identities_moved';

/** The subject of each notification, and its recipients: members who can change connections, or owners. */
export const NOTICES: Readonly<Record<NoticeKind, { subject: NoticeSubject; owners: boolean }>> = {
  certificate_expiring: { subject: 'connection', owners: false },
  domain_lost: { subject: 'domain', owners: false },
  domain_unverified: { subject: 'domain', owners: false },
  break_glass: { subject: 'membership', owners: true },
  identity_linked: { subject: 'membership', owners: false },
  own_identity_linked: { subject: 'connection', owners: false },
  own_address_followed: { subject: 'connection', owners: false },
  identities_moved: { subject: 'connection', owners: false },
};

const TEXTS: Readonly<Record<NoticeKind, (about: string, days: number) => readonly [string, string]>> = {
  certificate_expiring: (about, days) => [
    `Single sign-on "${about}": the certificate expires within ${days === 1 ? 'a day' : `${days} days`}`,
    'The identity provider must publish a new certificate before then. A connection with a metadata URL updates ' +
      'automatically. For any other connection, add the new certificate and keep the old one until the change.',
  ],
  domain_lost: (about) => [
    `The DNS record for ${about} is missing`,
    'Restore the record within a week. After that, the domain is no longer verified. The sign-in page then no longer ' +
      'offers single sign-on for e-mail addresses of the domain, and new accounts are not linked by them.',
  ],
  domain_unverified: (about) => [
    `${about} is no longer verified`,
    'The DNS record has been missing for a week, or another organization has verified the domain. Restore the ' +
      'record and verify the domain again.',
  ],
  break_glass: (about) => [
    `${about} signed in without single sign-on`,
    'Single sign-on is enforced, but an owner signed in locally with a second factor. This is possible in case the ' +
      'identity provider fails. If you did not expect this sign-in, end the sessions of this member and check the ' +
      'audit log.',
  ],
  identity_linked: (about) => [
    `${about} linked an account to single sign-on`,
    'The member proved the existing account and confirmed the link. If you did not expect this, remove the identity ' +
      'of the member and check the audit log.',
  ],
  own_identity_linked: (about) => [
    `Your account is now linked to the single sign-on "${about}"`,
    'From now on, a sign-in there also signs you in here. If this was not you, change your password and tell your ' +
      'administrator, who can remove the link.',
  ],
  own_address_followed: (about) => [
    `The single sign-on "${about}" changed the e-mail address of your account`,
    'The identity provider sent another address at your last sign-in, and mail now goes there. This mail goes to ' +
      'both addresses. If you did not expect this, tell your administrator, who can correct the address at the ' +
      'provider and end your sessions.',
  ],
  identities_moved: (about) => [
    `Single sign-on "${about}" takes over the members of another connection`,
    'Members of the other connection keep their accounts when they sign in through this connection. If you did not ' +
      'expect this, cancel the move and check the audit log.',
  ],
};

/** Returns a mail about SSO. Members choose the names in it, so each name is reduced to one line. */
export function noticeMail(kind: NoticeKind, { email, organization, about }: NoticeMail, days: number): MailMessage {
  const [subject, text] = TEXTS[kind](oneLine(about), days);
  return { to: email, subject, text: [`${oneLine(organization)}: ${subject}.`, '', text, ''].join('\n') };
}
