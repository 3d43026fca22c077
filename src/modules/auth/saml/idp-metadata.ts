import { X509Certificate } from 'node:crypto';
import type { SamlBinding } from '../sso/index.js';
import { BINDING_POST, BINDING_REDIRECT, METADATA, PROTOCOL, SHIBBOLETH_METADATA, SIGNATURE } from './saml-names.js';
import { ensure, SamlError } from './saml-error.js';
import { attribute, childrenNamed, descendants, readXml, type XmlElement, type XmlLimits } from './strict-xml.js';

/** What a connection needs to know of an identity provider. */
export interface IdpMetadata {
  readonly entityId: string;
  readonly ssoUrl: string;
  readonly ssoBinding: SamlBinding;
  /** Where it takes part in single logout, if it does. */
  readonly sloUrl?: string;
  readonly sloResponseUrl?: string;
  readonly sloBinding: SamlBinding;
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

/** The endpoint for a service, by redirect if it offers that, else by post; nothing when by neither. */
function endpointOf(
  descriptor: XmlElement,
  service: string,
): { endpoint: XmlElement; binding: SamlBinding } | undefined {
  const offered = childrenNamed(descriptor, METADATA, service);
  const by = (name: string): XmlElement | undefined =>
    offered.find((endpoint) => attribute(endpoint, 'Binding') === name);
  const [redirect, post] = [by(BINDING_REDIRECT), by(BINDING_POST)];
  if (redirect !== undefined) return { endpoint: redirect, binding: 'redirect' };
  return post && { endpoint: post, binding: 'post' };
}

/** An address to send browsers to: https, or plain http to the loopback host, as in development. */
export function httpsAddress(location: string | undefined): string {
  const url = URL.parse(location ?? '');
  const loopback = url?.protocol === 'http:' && LOOPBACK.has(url.hostname);
  ensure(url !== null && (url.protocol === 'https:' || loopback), 'metadata_endpoint', 'an https address is needed');
  ensure(url.username === '' && url.password === '' && url.hash === '', 'metadata_endpoint');
  return url.href;
}

/**
 * A certificate as PEM. Its dates are not judged: identity providers are trusted by their key, and sign on past them.
 */
export function certificatePem(text: string): string {
  try {
    const certificate = new X509Certificate(Buffer.from(text, 'base64'));
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
    ensure(
      type === 'rsa' && (details?.modulusLength ?? 0) >= MIN_RSA_BITS,
      'metadata_certificate',
      'RSA of 2048 bits or more',
    );
    return certificate.toString();
  } catch (cause) {
    if (cause instanceof SamlError) throw cause;
    throw new SamlError('metadata_certificate', undefined, { cause });
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
  ensure(texts.length > 0, 'metadata_certificate', 'no signing certificate');
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

function checkNotExpired(element: XmlElement, now: number): void {
  const until = attribute(element, 'validUntil');
  ensure(until === undefined || Date.parse(until) > now, 'metadata_expired', until?.slice(0, 40));
}

interface Provider {
  readonly entityId: string;
  readonly descriptor: XmlElement;
}

/** The identity provider that an entity is, if it is one for SAML 2.0. */
function providerIn(entity: XmlElement): Provider[] {
  return childrenNamed(entity, METADATA, 'IDPSSODescriptor')
    .filter((descriptor) => (attribute(descriptor, 'protocolSupportEnumeration') ?? '').split(/\s+/).includes(PROTOCOL))
    .map((descriptor) => ({ entityId: attribute(entity, 'entityID') ?? '', descriptor }));
}

/** The one that is meant: by its entity id where there are several. What holds it may have expired as well. */
function chooseProvider(root: XmlElement, now: number, entityId: string | undefined): Provider {
  ensure(
    root.uri === METADATA && ['EntityDescriptor', 'EntitiesDescriptor'].includes(root.local),
    'metadata_not_idp',
    'an EntityDescriptor is needed',
  );
  const entities = [...descendants(root)].filter(({ local, uri }) => uri === METADATA && local === 'EntityDescriptor');
  const found = entities.flatMap((entity) => providerIn(entity).map((provider) => ({ provider, entity })));
  const meant = entityId === undefined ? found : found.filter(({ provider }) => provider.entityId === entityId);
  const [first] = meant;
  ensure(first !== undefined, 'metadata_not_idp', 'an IDPSSODescriptor for SAML 2.0 is needed');
  ensure(meant.length === 1, 'metadata_ambiguous', 'several identity providers: name one by its entity id');
  const around = [...descendants(root)].filter(
    (element) => element.range[0] <= first.entity.range[0] && element.range[1] >= first.entity.range[1],
  );
  for (const element of [...around, first.provider.descriptor]) checkNotExpired(element, now);
  return first.provider;
}

/**
 * Reads the metadata of one identity provider, as an administrator hands it in. A signature in it is not judged: the
 * way
 * it came is what it is trusted by.
 * @param now epoch milliseconds
 * @param chosen the entity id of the provider that is meant, for a file of several
 * @throws SamlError
 */
export function readIdpMetadata(xml: string, now: number, chosen?: string): IdpMetadata {
  const root = readXml(xml.startsWith('\uFEFF') ? xml.slice(1) : xml, LIMITS);
  const { entityId, descriptor } = chooseProvider(root, now, chosen);
  ensure(entityId.length > 0 && entityId.length <= 1024, 'metadata_not_idp', 'entityID is missing');
  const signOn = endpointOf(descriptor, 'SingleSignOnService');
  ensure(signOn !== undefined, 'metadata_endpoint', 'a SingleSignOnService by redirect or post is needed');
  const logout = endpointOf(descriptor, 'SingleLogoutService');
  const answerTo = logout && attribute(logout.endpoint, 'ResponseLocation');
  return {
    entityId,
    ssoUrl: httpsAddress(attribute(signOn.endpoint, 'Location')),
    ssoBinding: signOn.binding,
    sloUrl: logout && httpsAddress(attribute(logout.endpoint, 'Location')),
    sloResponseUrl: answerTo === undefined ? undefined : httpsAddress(answerTo),
    sloBinding: logout?.binding ?? 'redirect',
    certificates: certificatesOf(descriptor),
    wantsSignedRequests: isBoolean(attribute(descriptor, 'WantAuthnRequestsSigned')),
    scopes: scopesOf(descriptor),
  };
}
