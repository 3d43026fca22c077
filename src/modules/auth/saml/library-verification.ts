import {
  SAML,
  ValidateInResponseTo,
  type CacheProvider,
  type Profile,
  type SamlConfig,
} from '@node-saml/passport-saml';
import { SsoError } from '../sso-messages/index.js';
import type { CheckedResponse } from './response-verification.js';
import { clockSkewMillis } from './saml-connection.js';
import { ensure, SamlError } from './saml-error.js';
import './sha384.js';

type Request = CheckedResponse['request'];

/**
 * Returns the store of request ids that the library requires. It holds only the request that was consumed for this
 * response.
 */
function onlyRequest(request: Request): CacheProvider {
  return {
    saveAsync: () => Promise.resolve(null),
    getAsync: (id) => Promise.resolve(request !== undefined && id === request.requestId ? request.createdAt : null),
    removeAsync: () => Promise.resolve(null),
  };
}

/**
 * Returns the library's options for one response, with strict values for every lenient default. A response to a request
 * must name that request. The application's own checks have already accepted an unsolicited response. The library
 * verifies each signature that the message has, with the keys that signed by the application's own verification.
 */
function libraryOptions({ settings, request, maxAgeMs, verifiable, signers }: CheckedResponse): SamlConfig {
  return {
    issuer: settings.spEntityId,
    audience: settings.spEntityId,
    callbackUrl: settings.acsUrl,
    entryPoint: settings.idpSsoUrl,
    idpIssuer: settings.idpEntityId,
    idpCert: [...signers],
    wantAssertionsSigned: verifiable.assertion || !verifiable.response,
    wantAuthnResponseSigned: verifiable.response,
    acceptedClockSkewMs: clockSkewMillis(settings),
    maxAssertionAgeMs: maxAgeMs,
    validateInResponseTo: request === undefined ? ValidateInResponseTo.never : ValidateInResponseTo.always,
    requestIdExpirationPeriodMs: maxAgeMs,
    cacheProvider: onlyRequest(request),
  };
}

/** The library, with access to its checks of content that it cannot verify the signature of. */
class Library extends SAML {
  /**
   * Checks the content of an assertion that only the signature around its encrypted form covers. The application's own
   * verifier verified that signature and decrypted the signed bytes.
   */
  async readCovered(response: string, inResponseTo: string | null): Promise<Profile> {
    await this.validateInResponseTo(inResponseTo);
    const assertion = await this.getSignedAssertion(response);
    ensure(assertion !== null, 'library_rejected', 'no assertion');
    return (await this.processValidlySignedAssertionAsync(assertion, response, inResponseTo)).profile;
  }
}

async function profileOf(checked: CheckedResponse): Promise<Profile | null> {
  const { plainXml, request, verifiable } = checked;
  const library = new Library(libraryOptions(checked));
  if (!verifiable.response && !verifiable.assertion) return library.readCovered(plainXml, request?.requestId ?? null);
  const message = { SAMLResponse: Buffer.from(plainXml).toString('base64') };
  const { profile, loggedOut } = await library.validatePostResponseAsync(message);
  return loggedOut ? null : profile;
}

/** Throws SamlError unless the library read the same assertion, issuer, and user. */
function checkAgreement(profile: Profile | null, { assertion, settings }: CheckedResponse): void {
  ensure(profile !== null, 'library_rejected', 'accepted without a user');
  const { Assertion: read } = Object(profile.getAssertion?.()) as { Assertion?: { $?: { ID?: unknown } } };
  ensure(read?.$?.ID === assertion.id, 'library_rejected', 'another assertion');
  ensure(profile.issuer === settings.idpEntityId, 'library_rejected', 'another issuer');
  ensure(profile.nameID === assertion.nameId.value, 'library_rejected', 'another user');
}

/**
 * Verifies a response with passport-saml after the application's own checks. Throws SamlError `library_rejected` unless
 * both read the same assertion, also for a message that the library accepts without a user, such as a logout response.
 */
export async function verifyByLibrary(checked: CheckedResponse): Promise<void> {
  try {
    checkAgreement(await profileOf(checked), checked);
  } catch (error) {
    if (error instanceof SsoError) throw error;
    const message = error instanceof Error ? error.message.slice(0, 200) : undefined;
    throw new SamlError('library_rejected', message, { cause: error });
  }
}
