import type { Profile } from '@node-saml/passport-saml';
import { SsoError } from '../sso/index.js';
import type { VerifiedResponse } from './saml-responses.js';
import { ensure, SamlError } from './saml-error.js';

/**
 * Converts an error of the library, or a missing result, to an SSO error. An SSO error keeps its reason; the library's
 * message goes to the log only.
 */
export function libraryError(error: unknown): SsoError {
  if (error instanceof SsoError) return error;
  return new SamlError(
    'library_rejected',
    error instanceof Error ? error.message.slice(0, 200) : 'accepted without a user',
    { cause: error },
  );
}

/**
 * Compares the library's profile with our own reading. Throws SamlError unless both read the same assertion, issuer,
 * and user.
 */
export function checkAgreement(profile: Profile | null, { assertion, connection }: VerifiedResponse): void {
  const { Assertion: read } = Object(profile?.getAssertion?.()) as { Assertion?: { $?: { ID?: unknown } } };
  ensure(read?.$?.ID === assertion.id, 'library_rejected', 'another assertion');
  ensure(profile !== null && profile.issuer === connection.idpEntityId, 'library_rejected', 'another issuer');
  ensure(profile.nameID === assertion.nameId.value, 'library_rejected', 'another user');
}
