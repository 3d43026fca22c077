import { ValidateInResponseTo, type CacheProvider, type SamlConfig } from '@node-saml/passport-saml';
import { type PendingRequest, SIGN_IN_MILLIS } from '../sso/index.js';
import { clockSkewMillis, UNSOLICITED_MILLIS } from './saml-connection.js';
import type { JudgedResponse } from './saml-responses.js';

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
 * The SAML library's options to judge a response by, every one of its lenient defaults turned strict. What answers a
 * request of ours must name it;
 * an answer to none is one that was let through as such. A response that was signed around its plain assertion is
 * verified there too.
 */
export function libraryOptions({ connection, request, outerSigned }: JudgedResponse): SamlConfig {
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
