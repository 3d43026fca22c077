import {
  SAML,
  ValidateInResponseTo,
  type CacheProvider,
  type Profile,
  type SamlConfig,
} from '@node-saml/passport-saml';
import { type PendingRequest, SIGN_IN_MILLIS } from '../sso/index.js';
import { clockSkewMillis, UNSOLICITED_MILLIS } from './saml-connection.js';
import { libraryRefusal } from './library-refusal.js';
import type { VerifiedResponse } from './saml-responses.js';

/**
 * The library wants a store of request ids. Ours is kept elsewhere; this is a view of it, one response long: the
 * request that was taken out for it.
 */
function onlyRequest(request: PendingRequest | undefined): CacheProvider {
  return {
    saveAsync: () => Promise.resolve(null),
    getAsync: (id) => Promise.resolve(request !== undefined && id === request.requestId ? request.createdAt : null),
    removeAsync: () => Promise.resolve(null),
  };
}

/**
 * The library's options for one response, every lenient default made strict. A response to a request of ours must name
 * that request; an unsolicited response is one that our own checks admitted as such. A signature around a plain
 * assertion is verified too.
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
    maxAssertionAgeMs: request === undefined ? UNSOLICITED_MILLIS : SIGN_IN_MILLIS,
    validateInResponseTo: request === undefined ? ValidateInResponseTo.never : ValidateInResponseTo.always,
    requestIdExpirationPeriodMs: SIGN_IN_MILLIS,
    cacheProvider: onlyRequest(request),
  };
}

/**
 * Has passport-saml verify a response that passed our own checks, and returns what it read. Throws SamlRefused, also
 * for a message that the library accepts without a user, such as a logout response.
 */
export async function verifyByLibrary(verified: VerifiedResponse): Promise<Profile | null> {
  const message = { SAMLResponse: Buffer.from(verified.xml).toString('base64') };
  try {
    const { profile, loggedOut } = await new SAML(libraryOptions(verified)).validatePostResponseAsync(message);
    if (!loggedOut) return profile;
  } catch (error) {
    throw libraryRefusal(error);
  }
  throw libraryRefusal(undefined);
}
