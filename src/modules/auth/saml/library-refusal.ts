import { SsoRefused } from '../sso/sso-refusal.js';
import { SamlRefused, type SamlRefusal } from './saml-refusal.js';

/** How the SAML library words its refusals; what it says may quote the message, so it stays inside. */
const WORDINGS: readonly (readonly [start: string, reason: SamlRefusal])[] = [
  ['Invalid document signature', 'signature_invalid'],
  ['Invalid signature', 'signature_invalid'],
  ['InResponseTo', 'in_response_to_wrong'],
  ['SubjectInResponseTo', 'in_response_to_wrong'],
  ['No valid subject confirmation', 'confirmation_expired'],
  ['SAML assertion expired: assertion too old', 'assertion_too_old'],
  ['SAML assertion expired', 'assertion_expired'],
  ['SAML assertion not yet valid', 'assertion_not_yet_valid'],
  ['SAML assertion audience', 'audience_wrong'],
  ['SAML assertion has no AudienceRestriction', 'audience_wrong'],
  ['SAML assertion AudienceRestriction', 'audience_wrong'],
  ['Error parsing', 'time_malformed'],
];

/** Any error of a response's way as a refusal: what is not known by name was still no sign-in. */
export function refusalOf(error: unknown): SsoRefused {
  if (error instanceof SsoRefused) return error;
  const message = error instanceof Error ? error.message : '';
  const reason = WORDINGS.find(([start]) => message.startsWith(start))?.[1] ?? 'library_refused';
  return new SamlRefused(reason, undefined, { cause: error });
}
