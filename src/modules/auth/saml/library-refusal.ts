import type { Profile } from '@node-saml/passport-saml';
import { SsoRefused } from '../sso/index.js';
import type { VerifiedResponse } from './saml-responses.js';
import { ensure, SamlRefused } from './saml-refusal.js';

/**
 * An error on the library's way, or its silence, as a refusal. What is ours has its reason already; the library's words
 * are for the log.
 */
export function libraryRefusal(error: unknown): SsoRefused {
  if (error instanceof SsoRefused) return error;
  return new SamlRefused(
    'library_refused',
    error instanceof Error ? error.message.slice(0, 200) : 'passed without a person',
    { cause: error },
  );
}

/**
 * Compares the library's profile with our own reading. Throws SamlRefused unless both read the same assertion, issuer,
 * and user.
 */
export function checkAgreement(profile: Profile | null, { assertion, connection }: VerifiedResponse): void {
  const { Assertion: read } = Object(profile?.getAssertion?.()) as { Assertion?: { $?: { ID?: unknown } } };
  ensure(read?.$?.ID === assertion.id, 'library_refused', 'another assertion');
  ensure(profile !== null && profile.issuer === connection.idpEntityId, 'library_refused', 'another issuer');
  ensure(profile.nameID === assertion.nameId.value, 'library_refused', 'another person');
}
