import { createSign, randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import type { SamlBinding } from '../sso/index.js';
import type { OutgoingForm, OutgoingForms } from './saml-stores.js';
import type { SpKey } from './saml-connection.js';
import { PROTOCOL, ASSERTION, RSA_SHA256, STATUS_SUCCESS } from './saml-names.js';
import { signXml } from './xml-signature.js';

/** An outgoing message that a browser will carry. */
export interface Outgoing {
  readonly field: 'SAMLRequest' | 'SAMLResponse';
  readonly id: string;
  readonly xml: string;
  readonly destination: string;
  readonly binding: SamlBinding;
  /** The RelayState of the request that this message answers. It must return unchanged. */
  readonly relayState?: string;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll(/[\t\n\r]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Returns the attributes of an element; undefined values are left out. */
export function attributesXml(values: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(values)
    .map(([name, value]) => (value === undefined ? '' : ` ${name}="${escaped(value)}"`))
    .join('');
}

export function elementXml(
  name: string,
  text: string,
  attributes: Readonly<Record<string, string | undefined>> = {},
): string {
  return `<${name}${attributesXml(attributes)}>${escaped(text)}</${name}>`;
}

export interface Envelope {
  readonly kind: 'AuthnRequest' | 'LogoutRequest' | 'LogoutResponse';
  readonly issuer: string;
  readonly destination: string;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly attributes?: Readonly<Record<string, string | undefined>>;
  readonly inside: string;
}

/** Returns a protocol message (saml-core-2.0-os, section 3.2) and its new id with 160 random bits. */
export function messageXml({ kind, issuer, destination, now, attributes = {}, inside }: Envelope): {
  id: string;
  xml: string;
} {
  const id = `_${randomBytes(20).toString('hex')}`;
  const about = attributesXml({
    ID: id,
    Version: '2.0',
    IssueInstant: new Date(now).toISOString(),
    Destination: destination,
    ...attributes,
  });
  const names = `xmlns:samlp="${PROTOCOL}" xmlns:saml="${ASSERTION}"`;
  return { id, xml: `<samlp:${kind} ${names}${about}>${elementXml('saml:Issuer', issuer)}${inside}</samlp:${kind}>` };
}

export const SUCCESS_XML = `<samlp:Status><samlp:StatusCode Value="${STATUS_SUCCESS}"/></samlp:Status>`;

/**
 * Returns the URL that carries a message (saml-bindings-2.0-os, section 3.4.4.1). If a key is given, it signs the
 * octets of the query.
 */
export function redirectUrl(
  { field, xml, destination, relayState }: Omit<Outgoing, 'binding'>,
  key: SpKey | undefined,
): string {
  const parts = [`${field}=${encodeURIComponent(deflateRawSync(xml).toString('base64'))}`];
  if (relayState !== undefined) parts.push(`RelayState=${encodeURIComponent(relayState)}`);
  if (key !== undefined) {
    parts.push(`SigAlg=${encodeURIComponent(RSA_SHA256)}`);
    const signature = createSign('RSA-SHA256').update(parts.join('&')).sign(key.privateKey, 'base64');
    parts.push(`Signature=${encodeURIComponent(signature)}`);
  }
  return `${destination}${destination.includes('?') ? '&' : '?'}${parts.join('&')}`;
}

/** Returns the form that carries a message (saml-bindings-2.0-os, section 3.5.4), signed if a key is given. */
export function outgoingForm(
  { field, id, xml, destination, relayState }: Omit<Outgoing, 'binding'>,
  key: SpKey | undefined,
): OutgoingForm {
  const signed = key === undefined ? xml : signXml(xml, id, key);
  const fields = {
    [field]: Buffer.from(signed).toString('base64'),
    ...(relayState !== undefined && { RelayState: relayState }),
  };
  return { action: destination, fields };
}

/**
 * Returns the URL that the browser opens to send a message. This is the provider's URL, or, for the post binding, a
 * page of the application with the form. That page is shown once, and only to the browser that has the secret.
 */
export async function sendOut(
  message: Outgoing,
  key: SpKey | undefined,
  forms: OutgoingForms,
  { browser, formUrl }: { browser: string; formUrl: string },
): Promise<string> {
  if (message.binding === 'redirect') return redirectUrl(message, key);
  const ticket = randomBytes(32).toString('base64url');
  await forms.store(ticket, browser, outgoingForm(message, key));
  return `${formUrl}?ticket=${ticket}`;
}
