import { CONTENT_ALGORITHMS, KEY_ALGORITHM } from './assertion-encryption.js';
import { attributesXml, elementXml } from './outgoing.js';
import type { ServiceProviderConnection } from './saml-connection.js';
import { BINDING_POST, BINDING_REDIRECT, ENCRYPTION, METADATA, PROTOCOL, SIGNATURE } from './saml-names.js';

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

/** Returns the service provider metadata of one connection as XML (saml-metadata-2.0-os, section 2.4.4). */
export function serviceProviderMetadata(connection: ServiceProviderConnection): string {
  const { acsUrl, logoutUrl, signRequests, spEntityId, spKeys } = connection;
  const bindings = spKeys.length > 0 ? [BINDING_REDIRECT, BINDING_POST] : [];
  const logout = bindings
    .map((Binding) => `<md:SingleLogoutService${attributesXml({ Binding, Location: logoutUrl })}/>`)
    .join('');
  const about = attributesXml({
    AuthnRequestsSigned: String(signRequests),
    WantAssertionsSigned: 'true',
    protocolSupportEnumeration: PROTOCOL,
  });
  const consumer = attributesXml({ index: '1', isDefault: 'true', Binding: BINDING_POST, Location: acsUrl });
  const names = `xmlns:md="${METADATA}" xmlns:ds="${SIGNATURE}" xmlns:xenc="${ENCRYPTION}"`;
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<md:EntityDescriptor ${names}${attributesXml({ entityID: spEntityId })}>` +
    `<md:SPSSODescriptor${about}>${keyDescriptors(connection)}${logout}<md:AssertionConsumerService` +
    `${consumer}/></md:SPSSODescriptor></md:EntityDescriptor>\n`
  );
}
