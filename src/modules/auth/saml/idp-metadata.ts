import { X509Certificate } from 'node:crypto';
import type { SamlBinding } from '../sso/index.js';
import { BINDING_POST, BINDING_REDIRECT, METADATA, PROTOCOL, SHIBBOLETH_METADATA, SIGNATURE } from './saml-names.js';
import { ensure, SamlError } from './saml-error.js';
import { attribute, childrenNamed, descendants, readXml, type XmlElement, type XmlLimits } from './strict-xml.js';

/** The data that a connection needs about its identity provider. */
export interface IdpMetadata {
  readonly entityId: string;
  readonly ssoUrl: string;
  readonly ssoBinding: SamlBinding;
  /** The logout URL; undefined when the provider does not support single logout. */
  readonly sloUrl?: string;
  readonly sloResponseUrl?: string;
  readonly sloBinding: SamlBinding;
  /** PEM, in the order of the file. */
  readonly certificates: readonly string[];
  /** Whether the provider requires signed requests. */
  readonly wantsSignedRequests: boolean;
  /** The domains that the provider may use in scoped attributes (shibmd:Scope), without those given as patterns. */
  readonly scopes: readonly string[];
}

const LIMITS: XmlLimits = { maxBytes: 256 * 1024, maxDepth: 20, maxNodes: 10_000, skipComments: true };
const MIN_RSA_BITS = 2048;
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Returns the endpoint of a service: the redirect binding, otherwise the post binding; undefined without either. */
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

/** Returns a URL that browsers may be sent to: https, or plain http on the loopback host for development. */
export function httpsUrl(location: string | undefined): string {
  const url = URL.parse(location ?? '');
  const loopback = url?.protocol === 'http:' && LOOPBACK.has(url.hostname);
  ensure(url !== null && (url.protocol === 'https:' || loopback), 'metadata_endpoint', 'an https URL is required');
  ensure(url.username === '' && url.password === '' && url.hash === '', 'metadata_endpoint');
  return url.href;
}

/**
 * Returns a certificate as PEM. Its dates are not checked: an identity provider is trusted by its key, and some sign
 * with an expired certificate.
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

/** Returns the signing certificates. A key descriptor without a use is for both uses (section 2.4.1.1). */
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

/** Returns the SAML 2.0 identity providers of an entity: none or one. */
function providerIn(entity: XmlElement): Provider[] {
  return childrenNamed(entity, METADATA, 'IDPSSODescriptor')
    .filter((descriptor) => (attribute(descriptor, 'protocolSupportEnumeration') ?? '').split(/\s+/).includes(PROTOCOL))
    .map((descriptor) => ({ entityId: attribute(entity, 'entityID') ?? '', descriptor }));
}

/** Selects the provider, by its entity id in a file of several. Also checks the expiry of the enclosing elements. */
function chooseProvider(root: XmlElement, now: number, entityId: string | undefined): Provider {
  ensure(
    root.uri === METADATA && ['EntityDescriptor', 'EntitiesDescriptor'].includes(root.local),
    'metadata_not_idp',
    'an EntityDescriptor is required',
  );
  const entities = [...descendants(root)].filter(({ local, uri }) => uri === METADATA && local === 'EntityDescriptor');
  const found = entities.flatMap((entity) => providerIn(entity).map((provider) => ({ provider, entity })));
  const candidates = entityId === undefined ? found : found.filter(({ provider }) => provider.entityId === entityId);
  const [first] = candidates;
  ensure(first !== undefined, 'metadata_not_idp', 'an IDPSSODescriptor for SAML 2.0 is required');
  ensure(candidates.length === 1, 'metadata_ambiguous', 'the file contains several identity providers');
  const enclosing = [...descendants(root)].filter(
    (element) => element.range[0] <= first.entity.range[0] && element.range[1] >= first.entity.range[1],
  );
  for (const element of [...enclosing, first.provider.descriptor]) checkNotExpired(element, now);
  return first.provider;
}

/**
 * Reads the metadata of one identity provider. It does not verify a signature, because the administrator or the URL is
 * the source of trust.
 * @param now epoch milliseconds
 * @param chosen the entity id of the provider, for a file of several
 * @throws SamlError
 */
export function readIdpMetadata(xml: string, now: number, chosen?: string): IdpMetadata {
  const root = readXml(xml.startsWith('\uFEFF') ? xml.slice(1) : xml, LIMITS);
  const { entityId, descriptor } = chooseProvider(root, now, chosen);
  ensure(entityId.length > 0 && entityId.length <= 1024, 'metadata_not_idp', 'entityID is missing');
  const signOn = endpointOf(descriptor, 'SingleSignOnService');
  ensure(signOn !== undefined, 'metadata_endpoint', 'a SingleSignOnService by redirect or post is required');
  const logout = endpointOf(descriptor, 'SingleLogoutService');
  const responseUrl = logout && attribute(logout.endpoint, 'ResponseLocation');
  return {
    entityId,
    ssoUrl: httpsUrl(attribute(signOn.endpoint, 'Location')),
    ssoBinding: signOn.binding,
    sloUrl: logout && httpsUrl(attribute(logout.endpoint, 'Location')),
    sloResponseUrl: responseUrl === undefined ? undefined : httpsUrl(responseUrl),
    sloBinding: logout?.binding ?? 'redirect',
    certificates: certificatesOf(descriptor),
    wantsSignedRequests: isBoolean(attribute(descriptor, 'WantAuthnRequestsSigned')),
    scopes: scopesOf(descriptor),
  };
}
