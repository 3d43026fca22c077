import { domainToASCII } from 'node:url';
import { Problem } from '../../../platform/problem/index.js';
import { PUBLIC_MAIL_DOMAINS } from './public-mail-domains.js';

/** Labels of letters, digits and inner hyphens, at least two of them, the last no number (RFC 1123, section 2.1). */
const DOMAIN = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * A domain in lower case and ASCII form (punycode, RFC 3492), as addresses and DNS know it; undefined for what is none.
 */
export function asDomain(text: string): string | undefined {
  const name = text.trim().replace(/\.$/, '');
  // The URL parser behind the conversion would also read ports, paths and escapes.
  const domain = /^[\w.\-\P{ASCII}]+$/u.test(name) ? domainToASCII(name) : '';
  return DOMAIN.test(domain) ? domain : undefined;
}

/** The domain of an e-mail address; undefined where it has none. */
export function domainOf(address: string): string | undefined {
  const at = address.lastIndexOf('@');
  return at < 1 ? undefined : asDomain(address.slice(at + 1));
}

/**
 * A domain that an organization may answer for. Throws domain_not_allowed: for what is none, and where anybody can have an
 * address.
 */
export function ownDomain(text: string): string {
  const domain = asDomain(text);
  if (domain === undefined) throw new Problem('domain_not_allowed', { detail: 'not a domain' });
  if (PUBLIC_MAIL_DOMAINS.has(domain))
    throw new Problem('domain_not_allowed', { detail: 'anybody can have an address there' });
  return domain;
}

/** The DNS record that shows a domain to be an organization's. */
export function proofOf({ domain, token }: { domain: string; token: string }): {
  type: 'TXT';
  name: string;
  value: string;
} {
  return { type: 'TXT', name: `_vouchsafe.${domain}`, value: `vouchsafe-domain-verification=${token}` };
}
