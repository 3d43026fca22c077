import { X509Certificate } from 'node:crypto';
import type { MetadataWarning, MetadataWarningCode, SamlBinding } from '../sso/index.js';
import type { MetadataSource } from './metadata-source.js';
import { findProvider, type ProviderChoice } from './provider-search.js';
import { BINDING_POST, BINDING_REDIRECT, METADATA, SHIBBOLETH_METADATA, SIGNATURE } from './saml-names.js';
import { ensure, SamlError } from './saml-error.js';
import { attribute, childrenNamed, descendants, type XmlElement } from './strict-xml.js';

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
  /** The parts of the file that are not used. */
  readonly warnings: readonly MetadataWarning[];
}

const MIN_RSA_BITS = 2048;
/** The limit of the column `idp_certificates`. */
const MAX_CERTIFICATES = 10;
const MAX_WARNINGS = 20;
const MAX_DETAIL = 300;
const BINDINGS = [
  [BINDING_REDIRECT, 'redirect'],
  [BINDING_POST, 'post'],
] as const;
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

type Warn = (code: MetadataWarningCode, detail: string) => void;

interface Endpoint {
  readonly url: string;
  /** The URL for responses, if it differs. */
  readonly responseUrl?: string;
  readonly binding: SamlBinding;
}

/**
 * Returns the endpoint of a service: the redirect binding, otherwise the post binding; undefined without either. Skips
 * an endpoint whose URL is not allowed.
 */
function endpointOf(descriptor: XmlElement, service: string, skipped: (detail: string) => void): Endpoint | undefined {
  const offered = childrenNamed(descriptor, METADATA, service);
  for (const [name, binding] of BINDINGS) {
    for (const endpoint of offered.filter((one) => attribute(one, 'Binding') === name)) {
      const [location, response] = [attribute(endpoint, 'Location'), attribute(endpoint, 'ResponseLocation')];
      try {
        return {
          url: httpsUrl(location),
          responseUrl: response === undefined ? undefined : httpsUrl(response),
          binding,
        };
      } catch (error) {
        if (!(error instanceof SamlError)) throw error;
        skipped([location, response].flatMap((url) => shownUrl(url) ?? []).join(' '));
      }
    }
  }
  return undefined;
}

/** Returns a URL without its credentials, for a warning. */
function shownUrl(text: string | undefined): string | undefined {
  const url = URL.parse(text ?? '');
  if (url !== null) [url.username, url.password] = ['', ''];
  return url?.href ?? text;
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
      `RSA of 2048 bits or more is required, not ${type} ${details?.modulusLength ?? details?.namedCurve ?? ''}`.trim(),
    );
    return certificate.toString();
  } catch (cause) {
    if (cause instanceof SamlError) throw cause;
    throw new SamlError('metadata_certificate', undefined, { cause });
  }
}

/**
 * Returns the signing certificates. A key descriptor without a use is for both uses (section 2.4.1.1). Skips a
 * certificate that cannot verify a signature here, and throws when none remains.
 */
function certificatesOf(descriptor: XmlElement, warn: Warn): string[] {
  const keys = childrenNamed(descriptor, METADATA, 'KeyDescriptor').filter(
    (key) => (attribute(key, 'use') ?? 'signing') === 'signing',
  );
  const texts = keys.flatMap((key) =>
    [...descendants(key)].filter((element) => element.uri === SIGNATURE && element.local === 'X509Certificate'),
  );
  const usable = new Set<string>();
  for (const { text } of texts) {
    try {
      usable.add(certificatePem(text));
    } catch (error) {
      if (!(error instanceof SamlError)) throw error;
      warn('certificate_skipped', error.detail ?? 'unreadable');
    }
  }
  ensure(usable.size > 0, 'metadata_certificate', 'no usable signing certificate');
  if (usable.size > MAX_CERTIFICATES) warn('certificate_skipped', `only the first ${MAX_CERTIFICATES} are used`);
  return [...usable].slice(0, MAX_CERTIFICATES);
}

/** Returns the scopes. A pattern is skipped, because a lookup by equality cannot use it. */
function scopesOf(descriptor: XmlElement, warn: Warn): string[] {
  const scopes = [...descendants(descriptor)].filter(
    (element) => element.uri === SHIBBOLETH_METADATA && element.local === 'Scope',
  );
  return scopes.flatMap((scope) => {
    const text = scope.text.trim().toLowerCase();
    if (!isBoolean(attribute(scope, 'regexp'))) return [text];
    warn('scope_skipped', text);
    return [];
  });
}

function isBoolean(value: string | undefined): boolean {
  return value === 'true' || value === '1';
}

/** Collects the parts of a file that are not used. */
function warnings(): { readonly list: readonly MetadataWarning[]; readonly warn: Warn } {
  const list: MetadataWarning[] = [];
  const warn: Warn = (code, detail) => {
    if (list.length < MAX_WARNINGS) list.push({ code, detail: detail.slice(0, MAX_DETAIL).toWellFormed() });
  };
  return { list, warn };
}

/**
 * Reads the metadata of one identity provider. It does not verify a signature, because the administrator or the URL is
 * the source of trust. An optional part that is not usable is skipped with a warning.
 * @param now epoch milliseconds
 * @param choice the provider, for a file of several
 * @throws SamlError
 */
export async function readIdpMetadata(
  source: MetadataSource,
  now: number,
  choice?: ProviderChoice,
): Promise<IdpMetadata> {
  const { entityId, descriptor, validUntil } = await findProvider(source, choice);
  for (const until of validUntil) ensure(Date.parse(until) > now, 'metadata_expired', until.slice(0, 40));
  ensure(entityId.length > 0 && entityId.length <= 1024, 'metadata_not_idp', 'entityID is missing');
  const { list, warn } = warnings();
  const rejected: string[] = [];
  const signOn = endpointOf(descriptor, 'SingleSignOnService', (url) => rejected.push(url));
  ensure(signOn !== undefined || rejected.length === 0, 'metadata_endpoint', 'an https URL is required');
  ensure(signOn !== undefined, 'metadata_endpoint', 'a SingleSignOnService by redirect or post is required');
  for (const url of rejected) warn('sign_in_url_skipped', url);
  const logout = endpointOf(descriptor, 'SingleLogoutService', (url) => warn('logout_url_skipped', url));
  return {
    entityId,
    ssoUrl: signOn.url,
    ssoBinding: signOn.binding,
    sloUrl: logout?.url,
    sloResponseUrl: logout?.responseUrl,
    sloBinding: logout?.binding ?? 'redirect',
    certificates: certificatesOf(descriptor, warn),
    wantsSignedRequests: isBoolean(attribute(descriptor, 'WantAuthnRequestsSigned')),
    scopes: scopesOf(descriptor, warn),
    warnings: list,
  };
}
