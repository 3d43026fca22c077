import { domainToASCII } from 'node:url';
import { Problem } from '../../../platform/problem/index.js';
import { PUBLIC_MAIL_DOMAINS } from './public-mail-domains.js';

/** At least two labels of letters, digits, and inner hyphens; the last label starts with a letter (RFC 1123, 2.1). */
const DOMAIN = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Returns a domain in lower case and in the ASCII form that DNS uses (punycode, RFC 3492). Returns undefined when the
 * text is not a domain.
 */
export function asDomain(text: string): string | undefined {
  const name = text.trim().replace(/\.$/, '');
  // Without this test, the URL parser in domainToASCII would also accept ports, paths, and escapes.
  const domain = /^[\w.\-\P{ASCII}]+$/u.test(name) ? domainToASCII(name) : '';
  return DOMAIN.test(domain) ? domain : undefined;
}

/** Returns the domain of an e-mail address; undefined when it has none. */
export function domainOf(email: string): string | undefined {
  const at = email.lastIndexOf('@');
  return at < 1 ? undefined : asDomain(email.slice(at + 1));
}

/**
 * Returns a domain that an organization can verify. Throws `domain_not_allowed` when the text is not a domain, or when
 * the domain belongs to a public mail provider.
 */
export function ownDomain(text: string): string {
  const domain = asDomain(text);
  if (domain === undefined) throw new Problem('domain_not_allowed', { detail: 'This is not a domain.' });
  if (PUBLIC_MAIL_DOMAINS.has(domain))
    throw new Problem('domain_not_allowed', { detail: 'This domain belongs to a public mail provider.' });
  return domain;
}

/** Returns the DNS record that proves that the organization controls the domain. */
export function proofOf({ domain, token }: { domain: string; token: string }): {
  type: 'TXT';
  name: string;
  value: string;
} {
  return { type: 'TXT', name: `_vouchsafe.${domain}`, value: `vouchsafe-domain-verification=${token}` };
}
