import { X509Certificate } from 'node:crypto';
import { BINDING_REDIRECT, METADATA, PROTOCOL, SHIBBOLETH_METADATA, SIGNATURE } from './saml-names.js';
import { must, SamlRefused } from './saml-refusal.js';
import { attribute, childrenNamed, descendants, readXml, type XmlElement, type XmlLimits } from './strict-xml.js';

/** What a connection needs to know of an identity provider. */
export interface IdpMetadata {
  readonly entityId: string;
  readonly ssoUrl: string;
  /** PEM, in the order of the file. */
  readonly certificates: readonly string[];
  /** Whether it wants our requests signed. */
  readonly wantsSignedRequests: boolean;
  /** Domains that it may make scoped statements about (shibmd:Scope); those given as patterns are left out. */
  readonly scopes: readonly string[];
}

const LIMITS: XmlLimits = { maxBytes: 256 * 1024, maxDepth: 20, maxNodes: 10_000, skipComments: true };
const MIN_RSA_BITS = 2048;
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** An address to send browsers to: https, or plain http to the loopback host, as in development. */
export function httpsAddress(location: string | undefined): string {
  const url = URL.parse(location ?? '');
  const loopback = url?.protocol === 'http:' && LOOPBACK.has(url.hostname);
  must(url !== null && (url.protocol === 'https:' || loopback), 'metadata_endpoint', 'an https address is needed');
  must(url.username === '' && url.password === '' && url.hash === '', 'metadata_endpoint');
  return url.href;
}

/** A certificate as PEM. Its dates are not judged: identity providers are trusted by their key, and sign on past them. */
export function certificatePem(text: string): string {
  try {
    const certificate = new X509Certificate(Buffer.from(text, 'base64'));
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
    must(type === 'rsa' && (details?.modulusLength ?? 0) >= MIN_RSA_BITS, 'metadata_certificate', 'RSA of 2048 bits or more');
    return certificate.toString();
  } catch (cause) {
    if (cause instanceof SamlRefused) throw cause;
    throw new SamlRefused('metadata_certificate', undefined, { cause });
  }
}

/** Signing certificates: a key descriptor without a use serves for both (saml-metadata-2.0-os, section 2.4.1.1). */
function certificatesOf(descriptor: XmlElement): string[] {
  const keys = childrenNamed(descriptor, METADATA, 'KeyDescriptor').filter(
    (key) => (attribute(key, 'use') ?? 'signing') === 'signing',
  );
  const texts = keys.flatMap((key) =>
    [...descendants(key)].filter((element) => element.uri === SIGNATURE && element.local === 'X509Certificate'),
  );
  must(texts.length > 0, 'metadata_certificate', 'no signing certificate');
  return [...new Set(texts.map((element) => certificatePem(element.text)))];
}

function scopesOf(descriptor: XmlElement): string[] {
  return [...descendants(descriptor)]
    .filter((element) => element.uri === SHIBBOLETH_METADATA && element.local === 'Scope')
    .filter((scope) => !['true', '1'].includes(attribute(scope, 'regexp') ?? 'false'))
    .map((scope) => scope.text.trim().toLowerCase());
}

function isBoolean(value: string | undefined): boolean {
  return value === 'true' || value === '1';
}

/**
 * Reads the metadata file of one identity provider, as an administrator hands it in. A signature in it is not judged: the way
 * it came is what it is trusted by.
 * @param now epoch milliseconds
 * @throws SamlRefused
 */
export function readIdpMetadata(xml: string, now: number): IdpMetadata {
  const root = readXml(xml.startsWith('\uFEFF') ? xml.slice(1) : xml, LIMITS);
  must(root.uri === METADATA && root.local === 'EntityDescriptor', 'metadata_not_idp', 'one EntityDescriptor is needed');
  const descriptors = childrenNamed(root, METADATA, 'IDPSSODescriptor').filter((descriptor) =>
    (attribute(descriptor, 'protocolSupportEnumeration') ?? '').split(/\s+/).includes(PROTOCOL),
  );
  const [descriptor] = descriptors;
  must(descriptor !== undefined && descriptors.length === 1, 'metadata_not_idp', 'one IDPSSODescriptor for SAML 2.0 is needed');
  for (const element of [root, descriptor]) {
    const until = attribute(element, 'validUntil');
    must(until === undefined || Date.parse(until) > now, 'metadata_expired', until?.slice(0, 40));
  }
  const entityId = attribute(root, 'entityID') ?? '';
  must(entityId.length > 0 && entityId.length <= 1024, 'metadata_not_idp', 'entityID is missing');
  const endpoint = childrenNamed(descriptor, METADATA, 'SingleSignOnService').find(
    (service) => attribute(service, 'Binding') === BINDING_REDIRECT,
  );
  must(endpoint !== undefined, 'metadata_endpoint', 'a SingleSignOnService with the redirect binding is needed');
  return {
    entityId,
    ssoUrl: httpsAddress(attribute(endpoint, 'Location')),
    certificates: certificatesOf(descriptor),
    wantsSignedRequests: isBoolean(attribute(descriptor, 'WantAuthnRequestsSigned')),
    scopes: scopesOf(descriptor),
  };
}
