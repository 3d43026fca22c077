import { CLAIMS, PERSISTENT, type SamlGuide } from './saml-guide.js';

/** Guides for providers that an institution runs. */

const keycloak: SamlGuide = {
  place: 'Clients → Create client → Client type SAML',
  rows: [
    ['Client ID', '{entity}'],
    ['Home URL', '{login}'],
    ['Valid redirect URIs', '{acs}'],
    ['Valid post logout redirect URIs', '{logout}'],
    ['Master SAML Processing URL', '{acs}'],
    ['Name ID format', 'persistent'],
    ['Force name ID format', 'On'],
    ['Include AuthnStatement', 'On'],
    ['Sign documents', 'On'],
    ['Sign assertions', 'On'],
    ['Signature algorithm', 'RSA_SHA256'],
    ['Client signature required', 'Off; On if signRequests is true'],
    ['Encrypt assertions', 'Off; On with AES_256_GCM if the connection requires encryption'],
    ['Keys: certificate', '{certificate}'],
    ['Front channel logout', 'On'],
    ['Advanced: Assertion Consumer Service POST Binding URL', '{acs}'],
    ['Advanced: Logout Service Redirect Binding URL', '{logout}'],
  ],
  sends: { nameIdFormat: PERSISTENT, signs: 'both' },
  email: ['mail', 'Dedicated client scope → Mapper User Property: property email'],
  name: ['givenName', 'Mapper User Property: property firstName; a second mapper for property lastName as sn'],
  groups: ['groups', 'Mapper Group list: Group attribute name groups, Single Group Attribute On, Full group path Off'],
  nextSteps: ['metadataUrl: https://{host}/realms/{realm}/protocol/saml/descriptor'],
};

const adfs: SamlGuide = {
  place: 'AD FS Management → Relying Party Trusts → Add Relying Party Trust → Claims aware',
  rows: [
    ['Federation metadata address (or the values below)', '{metadata}'],
    ['Relying party SAML 2.0 SSO service URL', '{acs}'],
    ['Relying party trust identifier', '{entity}'],
    ['Endpoints: SAML Logout, binding Redirect', '{logout}'],
    ['Encryption: certificate', '{certificate}'],
    ['Advanced: Secure hash algorithm', 'SHA-256'],
    ['Set-AdfsRelyingPartyTrust -SamlResponseSignature', 'AssertionOnly (default) or MessageAndAssertion'],
    ['Rule Transform an Incoming Claim', 'Windows account name → Name ID, format Persistent Identifier'],
    ['Link for users', '{login}'],
  ],
  sends: { nameIdFormat: PERSISTENT, signs: 'assertion' },
  email: [`${CLAIMS}/emailaddress`, 'Rule Send LDAP Attributes as Claims: E-Mail-Addresses → E-Mail Address'],
  name: [`${CLAIMS}/name`, 'the same rule: Display-Name → Name'],
  groups: ['http://schemas.xmlsoap.org/claims/Group', 'the same rule: Token-Groups - Unqualified Names → Group'],
  settings: { nameAttribute: `${CLAIMS}/name` },
  nextSteps: [
    'metadataUrl: https://{host}/FederationMetadata/2007-06/FederationMetadata.xml',
    'AD FS encrypts with CBC as soon as the trust has an encryption certificate: leave it empty unless the ' +
      'connection requires encryption',
  ],
};

const pingfederate: SamlGuide = {
  place: 'Applications → SP Connections → Create Connection → Browser SSO Profiles, SAML 2.0',
  rows: [
    ["Partner's Entity ID (Connection ID)", '{entity}'],
    ['SAML Profiles', 'SP-Initiated SSO, SP-Initiated SLO, IdP-Initiated SLO'],
    ['Identity Mapping', 'Standard'],
    ['Attribute Contract: SAML_SUBJECT, Subject Name Format', PERSISTENT],
    ['Assertion Consumer Service URL: binding POST', '{acs}'],
    ['SLO Service URLs: binding Redirect', '{logout}'],
    ['Allowable SAML Bindings', 'POST, Redirect'],
    ['Signature Policy: Always Sign Assertion', 'on'],
    ['Signature Policy: Sign Response As Required', 'on'],
    ['Encryption Policy', 'None; The Entire Assertion with AES-256-GCM if the connection requires encryption'],
    ['Signature verification and encryption certificate', '{certificate}'],
    ['Digital Signature Settings: Signing Algorithm', 'RSA SHA256'],
    ['Link for users', '{login}'],
  ],
  sends: { nameIdFormat: PERSISTENT, signs: 'both' },
  email: ['mail', 'Attribute Contract: mail, fulfilled from the data store'],
  name: ['displayName', 'Attribute Contract: displayName'],
  groups: ['groups', 'Attribute Contract: groups, fulfilled from memberOf by its common names'],
  nextSteps: ['metadataUrl: https://{host}/pf/federation_metadata.ping?PartnerSpId={entity id}'],
};

const shibboleth: SamlGuide = {
  place: 'the files of conf/ of the identity provider',
  rows: [
    ['metadata-providers.xml', 'FileBackedHTTPMetadataProvider, metadataURL="{metadata}"'],
    [
      'relying-party.xml',
      'SAML2.SSO for {entity}: p:signAssertions="true" p:signResponses="true" p:encryptAssertions="{encrypts}"',
    ],
    ['attribute-filter.xml', 'PolicyRequirementRule xsi:type="Requester" value="{entity}"'],
    ['saml-nameid.xml', `shibboleth.SAML2PersistentGenerator; format ${PERSISTENT}`],
    ['AssertionConsumerService Location (in the metadata)', '{acs}'],
    ['SingleLogoutService Location (in the metadata)', '{logout}'],
    ['Link for users', '{login}'],
  ],
  sends: { nameIdFormat: PERSISTENT, signs: 'both' },
  email: ['urn:oid:0.9.2342.19200300.100.1.3', 'mail'],
  name: ['urn:oid:2.16.840.1.113730.3.1.241', 'displayName'],
  groups: [
    'urn:oid:1.3.6.1.4.1.5923.1.5.1.1',
    'isMemberOf; for eduPersonScopedAffiliation, set groupAttribute to urn:oid:1.3.6.1.4.1.5923.1.1.1.9',
  ],
  nextSteps: [
    'metadataUrl: the URL of your own metadata, often https://{host}/idp/shibboleth, or that of your federation with ' +
      'idpEntityId',
  ],
};

const cas: SamlGuide = {
  place: 'Service registry: a JSON file of class org.apereo.cas.support.saml.services.SamlRegisteredService',
  rows: [
    ['serviceId', '{entity}'],
    ['metadataLocation', '{metadata}'],
    ['signAssertions', 'TRUE'],
    ['signResponses', 'TRUE'],
    ['encryptAssertions', '{encrypts}'],
    ['signingSignatureAlgorithms', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'],
    ['requiredNameIdFormat', PERSISTENT],
    ['skipGeneratingSubjectConfirmationNotBefore', 'true'],
    ['usernameAttributeProvider', 'AnonymousRegisteredServiceUsernameAttributeProvider with a fixed salt'],
    ['attributeReleasePolicy', 'ReturnMappedAttributeReleasePolicy with the attributes below'],
    ['AssertionConsumerService Location (in the metadata)', '{acs}'],
    ['SingleLogoutService Location (in the metadata)', '{logout}'],
    ['Link for users', '{login}'],
  ],
  sends: { nameIdFormat: PERSISTENT, signs: 'both' },
  email: ['mail', 'mail → mail'],
  name: ['displayName', 'displayName → displayName'],
  groups: ['memberOf', 'memberOf → memberOf'],
  nextSteps: ['metadataUrl: https://{host}/cas/idp/metadata'],
};

const generic: SamlGuide = {
  place: 'the configuration of a SAML 2.0 service provider',
  rows: [
    ['Service provider metadata', '{metadata}'],
    ['Service provider entity id, audience', '{entity}'],
    ['Assertion consumer service URL (HTTP-POST)', '{acs}'],
    ['Single logout URL (HTTP-Redirect)', '{logout}'],
    ['NameID format', PERSISTENT],
    ['Signature', 'the assertion, RSA with SHA-256 or stronger'],
    ['Service provider certificate', '{certificate}'],
    ['Link for users', '{login}'],
  ],
  sends: { nameIdFormat: PERSISTENT, signs: 'assertion' },
  email: ['mail', 'e-mail address'],
  name: ['displayName', 'full name'],
  groups: ['groups', 'names of groups'],
  nextSteps: ['metadataUrl or metadata; otherwise idpEntityId, idpSsoUrl, and idpCertificates'],
};

export const SELF_HOSTED = { keycloak, adfs, pingfederate, shibboleth, cas, generic };
