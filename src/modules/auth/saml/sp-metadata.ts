import { CONTENT_ALGORITHMS, KEY_ALGORITHM } from './assertion-encryption.js';
import { attributesXml, elementXml } from './outgoing.js';
import type { SamlConnection } from './saml-connection.js';
import { BINDING_POST, BINDING_REDIRECT, ENCRYPTION, METADATA, PROTOCOL, SIGNATURE } from './saml-names.js';

/**
 * The certificates of our keys as metadata shows them. While two are shown, answers are to be encrypted for the one to
 * come.
 */
function keyDescriptors({ spKeys }: SamlConnection): string {
  const methods = [...CONTENT_ALGORITHMS, KEY_ALGORITHM]
    .map((algorithm) => `<md:EncryptionMethod${attributesXml({ Algorithm: algorithm })}/>`)
    .join('');
  const described = (use: string, certificate: string, more = ''): string => {
    const base64 = certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '');
    return (
      `<md:KeyDescriptor use="${use}"><ds:KeyInfo>` +
      `<ds:X509Data>${elementXml('ds:X509Certificate', base64)}</ds:X509Data></ds:KeyInfo>${more}</md:KeyDescriptor>`
    );
  };
  return (
    spKeys.map(({ certificate }) => described('signing', certificate)).join('') +
    spKeys
      .slice(-1)
      .map(({ certificate }) => described('encryption', certificate, methods))
      .join('')
  );
}

/** Our metadata for one connection (saml-metadata-2.0-os, section 2.4.4), to be given to its identity provider. XML. */
export function serviceProviderMetadata(connection: SamlConnection): string {
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
