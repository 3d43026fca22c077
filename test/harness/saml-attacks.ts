import type { StartedLogin, Posted } from './saml-sign-in.js';
import {
  attributeStatement,
  conditions,
  confirmation,
  instant,
  signedResponse,
  type Parts,
  type SignatureChoices,
  type SigningKey,
} from './saml-idp.js';
import type { SamlErrorCode } from '../../src/modules/auth/saml/saml-error.js';

/** The values that an attack can use. */
export interface AttackContext {
  readonly login: StartedLogin;
  readonly parts: Parts;
  /** The identity provider's key, for correctly signed statements that the connection must reject. */
  readonly key: SigningKey;
  /** A key that the connection does not trust. */
  readonly untrusted: SigningKey;
}

/** The name of an attack, the expected reason, and the message. */
export type Attack = readonly [name: string, reason: SamlErrorCode, make: (context: AttackContext) => Posted];

export const RSA_SHA1 = 'http://www.w3.org/2000/09/xmldsig#rsa-sha1';
export const SHA1 = 'http://www.w3.org/2000/09/xmldsig#sha1';
export const INCLUSIVE = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
export const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

/** Returns a correctly signed response with false content. */
export function saying(change: (context: AttackContext) => Partial<Parts>, what: 'assertion' | 'both' = 'assertion') {
  return (context: AttackContext): Posted => ({
    xml: signedResponse({ ...context.parts, ...change(context) }, context.key, what),
  });
}

/** Returns a correctly signed response that is changed after signing. */
export function altered(
  change: (xml: string, context: AttackContext) => string,
  what: 'assertion' | 'both' = 'assertion',
) {
  return (context: AttackContext): Posted => ({
    xml: change(signedResponse(context.parts, context.key, what), context),
  });
}

/** Returns a response with a signature by the right key that uses disallowed settings. */
export function signedBy(choices: SignatureChoices) {
  return (context: AttackContext): Posted => ({
    xml: signedResponse(context.parts, context.key, 'assertion', choices),
  });
}

/** Returns a correctly signed response in a changed HTTP request. */
export function posted(change: (form: { SAMLResponse: string }, context: AttackContext) => Partial<Posted>) {
  return (context: AttackContext): Posted => {
    const form = { SAMLResponse: Buffer.from(signedResponse(context.parts, context.key)).toString('base64') };
    return { body: form, ...change(form, context) };
  };
}

/** Replaces a text. Throws when the text does not occur, because the attack would then test nothing. */
export function swap(xml: string, from: string | RegExp, to: string): string {
  const result = xml.replace(from, () => to);
  if (result === xml) throw new Error(`Nothing to replace: ${String(from)}`);
  return result;
}

export const confirming = (context: AttackContext, change: Record<string, string | undefined>): Partial<Parts> => ({
  confirmations: confirmation({
    Recipient: context.login.connection.acsUrl,
    InResponseTo: context.login.requestId,
    NotOnOrAfter: instant(300),
    ...change,
  }),
});

export const within = (
  context: AttackContext,
  times: Record<string, string | undefined>,
  more = '',
): Partial<Parts> => ({
  conditions: conditions([context.login.connection.spEntityId], times, more),
});

export const carrying = (values: Record<string, readonly string[]>): Partial<Parts> => ({
  attributes: attributeStatement(values),
});
