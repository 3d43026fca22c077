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

/** What an attacker, or a broken identity provider, has to work with. */
export interface AttackContext {
  readonly login: StartedLogin;
  readonly parts: Parts;
  /** The identity provider's key: for statements that it did sign, but that are not for us. */
  readonly key: SigningKey;
  /** A key that nobody trusts. */
  readonly untrusted: SigningKey;
}

/** A name, the refusal that is expected, and what is posted. */
export type Attack = readonly [name: string, reason: SamlErrorCode, make: (context: AttackContext) => Posted];

export const RSA_SHA1 = 'http://www.w3.org/2000/09/xmldsig#rsa-sha1';
export const SHA1 = 'http://www.w3.org/2000/09/xmldsig#sha1';
export const INCLUSIVE = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
export const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

/** Signed truly, about something that is not so. */
export function saying(change: (context: AttackContext) => Partial<Parts>, what: 'assertion' | 'both' = 'assertion') {
  return (context: AttackContext): Posted => ({
    xml: signedResponse({ ...context.parts, ...change(context) }, context.key, what),
  });
}

/** Signed truly, then altered on the way. */
export function altered(
  change: (xml: string, context: AttackContext) => string,
  what: 'assertion' | 'both' = 'assertion',
) {
  return (context: AttackContext): Posted => ({
    xml: change(signedResponse(context.parts, context.key, what), context),
  });
}

/** Signed by the right key in a way that is not allowed. */
export function signedBy(choices: SignatureChoices) {
  return (context: AttackContext): Posted => ({
    xml: signedResponse(context.parts, context.key, 'assertion', choices),
  });
}

/** A truly signed form, posted in another way. */
export function posted(change: (form: { SAMLResponse: string }, context: AttackContext) => Partial<Posted>) {
  return (context: AttackContext): Posted => {
    const form = { SAMLResponse: Buffer.from(signedResponse(context.parts, context.key)).toString('base64') };
    return { body: form, ...change(form, context) };
  };
}

/** Swaps one text for another, and insists that it was there: an attack that attacks nothing proves nothing. */
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
