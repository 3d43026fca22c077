import { createHash } from 'node:crypto';
import type { OperatorConfig } from '../../../platform/config/index.js';
import { CONTENT_ALGORITHMS, KEY_ALGORITHM } from './assertion-encryption.js';
import { attributesXml, elementXml } from './outgoing.js';
import type { ServiceProviderConnection } from './saml-connection.js';
import {
  BINDING_POST,
  BINDING_REDIRECT,
  ENCRYPTION,
  FORMAT_EMAIL,
  FORMAT_PERSISTENT,
  FORMAT_UNSPECIFIED,
  METADATA,
  NAME_FORMAT_BASIC,
  NAME_FORMAT_URI,
  PROTOCOL,
  REFEDS_METADATA,
  SIGNATURE,
  UI_METADATA,
} from './saml-names.js';
import { contactsXml, organizationXml, uiInfoXml } from './sp-contacts.js';
import { signMetadata } from './xml-signature.js';

const NAMESPACES = { md: METADATA, ds: SIGNATURE, xenc: ENCRYPTION, mdui: UI_METADATA, remd: REFEDS_METADATA };
/** The names of attributes in federations (the LDAP schemas of RFC 4524, RFC 2798, and eduMember). */
const MAIL = 'urn:oid:0.9.2342.19200300.100.1.3';
const DISPLAY_NAME = 'urn:oid:2.16.840.1.113730.3.1.241';
const GROUPS = 'urn:oid:1.3.6.1.4.1.5923.1.5.1.1';

/**
 * Returns the key descriptors of the metadata. While it shows two keys, providers encrypt with the new one, which is
 * the last.
 */
function keyDescriptors({ spKeys }: ServiceProviderConnection): string {
  const methods = [...CONTENT_ALGORITHMS, KEY_ALGORITHM]
    .map((algorithm) => `<md:EncryptionMethod${attributesXml({ Algorithm: algorithm })}/>`)
    .join('');
  const descriptor = (use: string, certificate: string, more = ''): string => {
    const base64 = certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '');
    return (
      `<md:KeyDescriptor use="${use}"><ds:KeyInfo>` +
      `<ds:X509Data>${elementXml('ds:X509Certificate', base64)}</ds:X509Data></ds:KeyInfo>${more}</md:KeyDescriptor>`
    );
  };
  return (
    spKeys.map(({ certificate }) => descriptor('signing', certificate)).join('') +
    spKeys
      .slice(-1)
      .map(({ certificate }) => descriptor('encryption', certificate, methods))
      .join('')
  );
}

/**
 * The NameID formats that the application accepts, the preferred one first. A transient NameID is not accepted, because
 * it is new at every sign-in.
 */
const NAME_ID_FORMATS = [FORMAT_PERSISTENT, FORMAT_EMAIL, FORMAT_UNSPECIFIED];
/** How long a provider may use a copy: as long as the wait between two steps of a key rotation. */
const CACHE_DURATION = 'P1D';

/** Returns a requested attribute. Names that are not URIs have the basic format (saml-core-2.0-os, section 8.2). */
function requestedAttribute(name: string, more: Readonly<Record<string, string>> = {}): string {
  const isUri = /^(?:urn|https?):/i.test(name);
  const format = isUri ? NAME_FORMAT_URI : NAME_FORMAT_BASIC;
  return `<md:RequestedAttribute${attributesXml({ Name: name, NameFormat: format, ...more })}/>`;
}

/** Returns the attributes that the connection reads, under the configured names or those of federations. */
function attributeService(connection: ServiceProviderConnection, { name }: OperatorConfig): string {
  const { emailAttribute: email, nameAttribute, groupAttribute, groupRoles, attributeRoles = [] } = connection;
  const groups = groupAttribute ?? (groupRoles.length > 0 ? GROUPS : undefined);
  const others = new Set([groups, ...attributeRoles.map(({ attribute }) => attribute)]);
  const requested = [
    requestedAttribute(email ?? MAIL, { ...(email === undefined && { FriendlyName: 'mail' }), isRequired: 'true' }),
    requestedAttribute(
      nameAttribute ?? DISPLAY_NAME,
      nameAttribute === undefined ? { FriendlyName: 'displayName' } : {},
    ),
    ...[...others].filter((other) => other !== undefined).map((other) => requestedAttribute(other)),
  ];
  return (
    `<md:AttributeConsumingService${attributesXml({ index: '1', isDefault: 'true' })}>` +
    `${elementXml('md:ServiceName', name, { 'xml:lang': 'en' })}${requested.join('')}</md:AttributeConsumingService>`
  );
}

function roleXml(connection: ServiceProviderConnection, operator: OperatorConfig): string {
  const { acsUrl, logoutUrl, signRequests, spKeys } = connection;
  const about = attributesXml({
    AuthnRequestsSigned: String(signRequests),
    WantAssertionsSigned: 'true',
    protocolSupportEnumeration: PROTOCOL,
  });
  const logout = (spKeys.length > 0 ? [BINDING_REDIRECT, BINDING_POST] : [])
    .map((Binding) => `<md:SingleLogoutService${attributesXml({ Binding, Location: logoutUrl })}/>`)
    .join('');
  const formats = NAME_ID_FORMATS.map((format) => elementXml('md:NameIDFormat', format)).join('');
  const consumer = attributesXml({ Binding: BINDING_POST, Location: acsUrl, index: '1', isDefault: 'true' });
  return (
    `<md:SPSSODescriptor${about}>${uiInfoXml(operator)}${keyDescriptors(connection)}${logout}${formats}` +
    `<md:AssertionConsumerService${consumer}/>${attributeService(connection, operator)}</md:SPSSODescriptor>`
  );
}

/**
 * Returns the service provider metadata of one connection as XML (saml-metadata-2.0-os, section 2.4.4). If the
 * connection has a key, the key signs it. It has no `validUntil`, because many providers keep an uploaded copy: sign-in
 * would fail when that copy expires.
 */
export function serviceProviderMetadata(connection: ServiceProviderConnection, operator: OperatorConfig): string {
  const { spEntityId, spKeys } = connection;
  const inside = roleXml(connection, operator) + organizationXml(operator) + contactsXml(operator);
  const id = `_${createHash('sha256').update(inside).digest('hex').slice(0, 40)}`;
  const names = Object.entries(NAMESPACES)
    .map(([prefix, uri]) => ` xmlns:${prefix}="${uri}"`)
    .join('');
  const about = attributesXml({ entityID: spEntityId, ID: id, cacheDuration: CACHE_DURATION });
  const xml = `<md:EntityDescriptor${names}${about}>${inside}</md:EntityDescriptor>`;
  const [key] = spKeys;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${key === undefined ? xml : signMetadata(xml, id, key)}\n`;
}
