import { createSign } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { generate } from 'selfsigned';
import { SignedXml } from 'xml-crypto';
import '../../src/modules/auth/saml/sha384.js';
import type { SamlConnection } from '../../src/modules/auth/saml/saml-connection.js';

/** A private key with its self-signed certificate, both as PEM. */
export interface SigningKey {
  readonly privateKey: string;
  readonly certificate: string;
}

/** Generates an RSA key with a certificate, as an identity provider does. */
export async function newSigningKey(bits = 2048): Promise<SigningKey> {
  const { private: privateKey, cert } = await generate([{ name: 'commonName', value: 'idp.example.test' }], {
    keySize: bits,
    algorithm: 'sha256',
  });
  return { privateKey, certificate: cert };
}

/** Returns the time `seconds` from now in the format of SAML. */
export function instant(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString();
}

/** The attributes of one element; undefined values are left out. */
type Attrs = Readonly<Record<string, string | undefined>>;

function attrs(values: Attrs): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join('');
}

export function nameId(value: string, more: Attrs = {}): string {
  const format = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
  return `<saml:NameID${attrs({ Format: format, ...more })}>${value}</saml:NameID>`;
}

export function confirmation(data: Attrs | null, method = 'urn:oasis:names:tc:SAML:2.0:cm:bearer'): string {
  const inside = data === null ? '' : `<saml:SubjectConfirmationData${attrs(data)}/>`;
  return `<saml:SubjectConfirmation Method="${method}">${inside}</saml:SubjectConfirmation>`;
}

export function conditions(audiences: readonly string[], times: Attrs = {}, more = ''): string {
  const window = { NotBefore: instant(-5), NotOnOrAfter: instant(300), ...times };
  const listed = audiences.map((audience) => `<saml:Audience>${audience}</saml:Audience>`).join('');
  const restriction = listed === '' ? '' : `<saml:AudienceRestriction>${listed}</saml:AudienceRestriction>`;
  return `<saml:Conditions${attrs(window)}>${restriction}${more}</saml:Conditions>`;
}

export function authnStatement(more: Attrs = {}): string {
  const about = attrs({ AuthnInstant: instant(-5), SessionIndex: '_session', ...more });
  return (
    `<saml:AuthnStatement${about}><saml:AuthnContext>` +
    '<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>' +
    '</saml:AuthnContext></saml:AuthnStatement>'
  );
}

export function attributeStatement(values: Readonly<Record<string, readonly string[]>>): string {
  const all = Object.entries(values).map(([name, list]) => {
    const inside = list.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join('');
    return `<saml:Attribute Name="${name}">${inside}</saml:Attribute>`;
  });
  return `<saml:AttributeStatement>${all.join('')}</saml:AttributeStatement>`;
}

export function status(...codes: readonly string[]): string {
  const nested = codes.reduceRight((inside, code) => {
    return `<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${code}">${inside}</samlp:StatusCode>`;
  }, '');
  return `<samlp:Status>${nested}</samlp:Status>`;
}

/** The parts of a response in document order. A test can replace each part. */
export interface Parts {
  responseAttrs: Attrs;
  responseIssuer: string;
  status: string;
  assertionAttrs: Attrs;
  issuer: string;
  nameId: string;
  confirmations: string;
  conditions: string;
  authn: string;
  attributes: string;
}

/** Returns the parts of a valid response to a request. */
export function truthfulParts(connection: SamlConnection, requestId: string): Parts {
  const data = { Recipient: connection.acsUrl, NotOnOrAfter: instant(300), InResponseTo: requestId };
  const common = { Version: '2.0', IssueInstant: instant(-5) };
  const issuer = `<saml:Issuer>${connection.idpEntityId}</saml:Issuer>`;
  return {
    responseAttrs: { ID: '_response', ...common, Destination: connection.acsUrl, InResponseTo: requestId },
    responseIssuer: issuer,
    status: status('Success'),
    assertionAttrs: { ID: `_assertion-${requestId}`, ...common },
    issuer,
    nameId: nameId('subject-1'),
    confirmations: confirmation(data),
    conditions: conditions([connection.spEntityId]),
    authn: authnStatement(),
    attributes: attributeStatement({ mail: ['ada@example.test'], displayName: ['Ada Example'], groups: ['mentors'] }),
  };
}

export function assertionXml(parts: Parts): string {
  const subject = `<saml:Subject>${parts.nameId}${parts.confirmations}</saml:Subject>`;
  const inside = parts.issuer + subject + parts.conditions + parts.authn + parts.attributes;
  return (
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"${attrs(parts.assertionAttrs)}>` +
    `${inside}</saml:Assertion>`
  );
}

/** Returns a response around the text of an assertion. */
export function responseXml(parts: Parts, assertion: string): string {
  const names = 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"';
  return (
    `<samlp:Response ${names}${attrs(parts.responseAttrs)}>${parts.responseIssuer}${parts.status}` +
    `${assertion}</samlp:Response>`
  );
}

export interface SignatureChoices {
  signature?: string;
  digest?: string;
  canonicalization?: string;
  transforms?: string[];
  inclusivePrefixes?: string[];
}

const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';

/** Signs the element with this ID and puts the signature after its Issuer, as the schema requires. */
export function sign(xml: string, id: string, key: SigningKey, choices: SignatureChoices = {}): string {
  const signer = new SignedXml({
    privateKey: key.privateKey,
    publicCert: key.certificate,
    getKeyInfoContent: (options) => SignedXml.getKeyInfoContent(options ?? {}),
    signatureAlgorithm: choices.signature ?? 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: choices.canonicalization ?? EXCLUSIVE,
  });
  signer.addReference({
    xpath: `//*[@ID='${id}']`,
    digestAlgorithm: choices.digest ?? 'http://www.w3.org/2001/04/xmlenc#sha256',
    transforms: choices.transforms ?? ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', EXCLUSIVE],
    inclusiveNamespacesPrefixList: choices.inclusivePrefixes,
  });
  const reference = `//*[@ID='${id}']/*[local-name(.)='Issuer']`;
  signer.computeSignature(xml, { prefix: 'ds', location: { reference, action: 'after' } });
  return signer.getSignedXml();
}

/**
 * Returns a response with a signed assertion, as Entra ID sends it. With `both`, the response is signed
 * too.
 */
export function signedResponse(
  parts: Parts,
  key: SigningKey,
  what: 'assertion' | 'both' = 'assertion',
  choices?: SignatureChoices,
): string {
  const inner = sign(responseXml(parts, assertionXml(parts)), parts.assertionAttrs['ID'] ?? '', key, choices);
  return what === 'both' ? sign(inner, parts.responseAttrs['ID'] ?? '', key, choices) : inner;
}

export interface LogoutParts {
  attrs: Attrs;
  issuer: string;
  inside: string;
}

/** Returns a logout message of the test identity provider for a connection. */
export function logoutXml(
  kind: 'LogoutRequest' | 'LogoutResponse',
  { attrs: about, issuer, inside }: LogoutParts,
): string {
  const names = 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"';
  return `<samlp:${kind} ${names}${attrs(about)}>${issuer}${inside}</samlp:${kind}>`;
}

/** Returns the parts of a valid logout request. */
export function truthfulLogout(connection: SamlConnection): LogoutParts {
  return {
    attrs: {
      ID: '_logout',
      Version: '2.0',
      IssueInstant: instant(-5),
      Destination: connection.logoutUrl,
      NotOnOrAfter: instant(60),
    },
    issuer: `<saml:Issuer>${connection.idpEntityId}</saml:Issuer>`,
    inside: `${nameId('subject-1')}<samlp:SessionIndex>_session</samlp:SessionIndex>`,
  };
}

/** Returns the signed query of a message by redirect. */
export function redirectQuery(
  field: 'SAMLRequest' | 'SAMLResponse',
  xml: string,
  key: SigningKey,
  { algorithm = 'rsa-sha256', relayState }: { algorithm?: string; relayState?: string } = {},
): string {
  const prefix =
    algorithm === 'rsa-sha1' ? 'http://www.w3.org/2000/09/xmldsig#' : 'http://www.w3.org/2001/04/xmldsig-more#';
  const signed = [
    `${field}=${encodeURIComponent(deflateRawSync(xml).toString('base64'))}`,
    ...(relayState === undefined ? [] : [`RelayState=${relayState}`]),
    `SigAlg=${encodeURIComponent(prefix + algorithm)}`,
  ].join('&');
  const hash = algorithm.replace(/^rsa-/, 'RSA-').toUpperCase();
  return `${signed}&Signature=${encodeURIComponent(createSign(hash).update(signed).sign(key.privateKey, 'base64'))}`;
}
