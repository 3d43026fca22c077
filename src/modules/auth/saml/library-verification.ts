import {
  SAML,
  ValidateInResponseTo,
  type CacheProvider,
  type Profile,
  type SamlConfig,
} from '@node-saml/passport-saml';
import { type PendingRequest, SIGN_IN_MS } from '../sso/index.js';
import { clockSkewMillis, UNSOLICITED_MS } from './saml-connection.js';
import { libraryError } from './library-error.js';
import type { VerifiedResponse } from './saml-responses.js';

/**
 * Returns the store of request ids that the library requires. It holds only the request that was consumed for this
 * response.
 */
function onlyRequest(request: PendingRequest | undefined): CacheProvider {
  return {
    saveAsync: () => Promise.resolve(null),
    getAsync: (id) => Promise.resolve(request !== undefined && id === request.requestId ? request.createdAt : null),
    removeAsync: () => Promise.resolve(null),
  };
}

/**
 * Returns the library's options for one response, with strict values for every lenient default. A response to a request
 * must name that request. The application's own checks have already accepted an unsolicited response. The library also
 * verifies a signature around a plain assertion.
 */
function libraryOptions({ connection, request, outerSigned }: VerifiedResponse): SamlConfig {
  return {
    issuer: connection.spEntityId,
    audience: connection.spEntityId,
    callbackUrl: connection.acsUrl,
    entryPoint: connection.idpSsoUrl,
    idpIssuer: connection.idpEntityId,
    idpCert: [...connection.idpCertificates],
    wantAssertionsSigned: true,
    wantAuthnResponseSigned: outerSigned,
    acceptedClockSkewMs: clockSkewMillis(connection),
    maxAssertionAgeMs: request === undefined ? UNSOLICITED_MS : SIGN_IN_MS,
    validateInResponseTo: request === undefined ? ValidateInResponseTo.never : ValidateInResponseTo.always,
    requestIdExpirationPeriodMs: SIGN_IN_MS,
    cacheProvider: onlyRequest(request),
  };
}

/**
 * Verifies a response with passport-saml after the application's own checks. Returns the profile that the library read.
 * Throws SamlError, also for a message that the library accepts without a user, such as a logout response.
 */
export async function verifyByLibrary(verified: VerifiedResponse): Promise<Profile | null> {
  const message = { SAMLResponse: Buffer.from(verified.xml).toString('base64') };
  try {
    const { profile, loggedOut } = await new SAML(libraryOptions(verified)).validatePostResponseAsync(message);
    if (!loggedOut) return profile;
  } catch (error) {
    throw libraryError(error);
  }
  throw libraryError(undefined);
}
