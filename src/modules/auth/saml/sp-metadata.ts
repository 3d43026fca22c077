import { SAML } from '@node-saml/passport-saml';
import { samlOptions, type SamlConnection } from './saml-connection.js';
import { noRequests } from './library-requests.js';

/** Our metadata for one connection (saml-metadata-2.0-os), to be given to its identity provider. XML. */
export function serviceProviderMetadata(connection: SamlConnection): string {
  const saml = new SAML({ ...samlOptions(connection, noRequests), generateUniqueId: () => `_${connection.id}` });
  return saml.generateServiceProviderMetadata(null, connection.spKeyPair?.certificate ?? null);
}
