import { CLAIMS, MICROSOFT, PERSISTENT, type SamlGuide } from './saml-guide.js';

/** Guides for providers that run as a service. */

const okta: SamlGuide = {
  place: 'Applications → Create App Integration → SAML 2.0',
  rows: [
    ['Single sign-on URL', '{acs}'],
    ['Use this for Recipient URL and Destination URL', 'on'],
    ['Audience URI (SP Entity ID)', '{entity}'],
    ['Default RelayState', '(leave empty)'],
    ['Name ID format', 'Persistent'],
    ['Application username', 'Okta username'],
    ['Response', 'Signed'],
    ['Assertion Signature', 'Signed'],
    ['Signature Algorithm', 'RSA-SHA256'],
    ['Digest Algorithm', 'SHA256'],
    ['Assertion Encryption', 'Unencrypted; AES256-GCM with RSA-OAEP if the connection requires encryption'],
    ['Signature Certificate, Encryption Certificate', '{certificate}'],
    ['Single Logout URL', '{logout}'],
    ['SP Issuer', '{entity}'],
    ['Link for users (Bookmark App)', '{login}'],
  ],
  sends: { nameIdFormat: PERSISTENT, signs: 'both' },
  email: ['mail', 'user.email'],
  name: ['displayName', 'user.displayName'],
  groups: ['groups', 'Group Attribute Statements, filter: Matches regex, for example ^vouchsafe-.*'],
  nextSteps: ['metadataUrl: Sign On → SAML 2.0 → Metadata details → Metadata URL'],
};

const entra: SamlGuide = {
  place: 'Enterprise applications → New application → Create your own (non-gallery) → Single sign-on → SAML',
  rows: [
    ['Identifier (Entity ID)', '{entity}'],
    ['Reply URL (Assertion Consumer Service URL)', '{acs}'],
    ['Sign on URL', '{login}'],
    ['Relay State', '(leave empty)'],
    ['Logout Url', '{logout}'],
    ['Unique User Identifier (Name ID), format', 'Persistent'],
    ['Unique User Identifier (Name ID), source attribute', 'user.objectid'],
    ['Signing Option', 'Sign SAML assertion'],
    ['Signing Algorithm', 'SHA-256'],
    ['Token encryption certificate', '{certificate}'],
  ],
  sends: { nameIdFormat: PERSISTENT, signs: 'assertion' },
  email: [`${CLAIMS}/emailaddress`, 'user.mail'],
  name: [`${MICROSOFT}/identity/claims/displayname`, 'user.displayname'],
  groups: [
    `${MICROSOFT}/ws/2008/06/identity/claims/groups`,
    'Add a group claim: Groups assigned to the application, source attribute Group ID',
  ],
  settings: { subject: 'entra-object' },
  nextSteps: [
    'metadataUrl: App Federation Metadata Url',
    'subject: entra-object, so that a renamed user keeps the same account',
    'groupRoles: the object id of each group',
  ],
};

const google: SamlGuide = {
  place: 'Apps → Web and mobile apps → Add app → Add custom SAML app',
  rows: [
    ['ACS URL', '{acs}'],
    ['Entity ID', '{entity}'],
    ['Start URL', '(leave empty)'],
    ['Signed response', 'off: the assertion is signed'],
    ['Name ID format', 'PERSISTENT'],
    ['Name ID', 'Basic Information > Primary email'],
    ['Link for users', '{login}'],
  ],
  sends: { nameIdFormat: PERSISTENT, signs: 'assertion' },
  email: ['mail', 'Basic Information > Primary email'],
  name: ['givenName', 'Basic Information > First name; map Last name to sn'],
  groups: ['groups', 'Group membership: choose the groups, App attribute: groups'],
  nextSteps: [
    'metadata: the file that Download metadata offers. Google publishes no URL for it, so send the next file before ' +
      'the certificate expires',
    'Google offers no single logout and no encryption',
  ],
};

const pingone: SamlGuide = {
  place: 'Applications → Add Application → SAML Application → Manually Enter',
  rows: [
    ['ACS URLs', '{acs}'],
    ['Entity ID', '{entity}'],
    ['Signing', 'Sign Assertion & Response'],
    ['Signing Algorithm', 'RSA_SHA256'],
    ['Subject NameID Format', PERSISTENT],
    ['Encryption Certificate', '{certificate}'],
    ['SLO Endpoint', '{logout}'],
    ['SLO Binding', 'HTTP Redirect'],
    ['Assertion Validity Duration (in seconds)', '300'],
    ['Target Application URL', '(leave empty)'],
    ['Home Page URL', '{login}'],
    ['Attribute Mappings: saml_subject', 'User ID'],
  ],
  sends: { nameIdFormat: PERSISTENT, signs: 'both' },
  email: ['mail', 'Email Address'],
  name: ['displayName', 'Formatted (name)'],
  groups: ['groups', 'Group Names'],
  nextSteps: ['metadataUrl: Configuration → IDP Metadata URL'],
};

const onelogin: SamlGuide = {
  place: 'Applications → Add App → SAML Custom Connector (Advanced) → Configuration, Parameters, SSO',
  rows: [
    ['Audience (EntityID)', '{entity}'],
    ['Recipient', '{acs}'],
    ['ACS (Consumer) URL Validator', '^{acsPattern}$'],
    ['ACS (Consumer) URL', '{acs}'],
    ['Single Logout URL', '{logout}'],
    ['Login URL', '{login}'],
    ['SAML initiator', 'Service Provider'],
    ['SAML nameID format', 'Persistent'],
    ['SAML signature element', 'Both'],
    ['SAML Signature Algorithm (tab SSO)', 'SHA-256'],
    ['Encrypt assertion', 'off; on with AES-256-GCM if the connection requires encryption'],
    ['SAML encryption certificate', '{certificate}'],
    ['NameID value (tab Parameters)', 'OneLogin ID'],
  ],
  sends: { nameIdFormat: PERSISTENT, signs: 'both' },
  email: ['mail', 'Email, with Include in SAML assertion'],
  name: ['displayName', 'Name, with Include in SAML assertion'],
  groups: ['groups', 'User Roles, with Include in SAML assertion and Multi-value parameter'],
  nextSteps: ['metadataUrl: tab SSO → Issuer URL'],
};

const jumpcloud: SamlGuide = {
  place: 'SSO Applications → Add New Application → Custom Application → Configure SSO with SAML → SSO',
  rows: [
    ['IdP Entity ID', 'a unique name, for example https://sso.jumpcloud.com/vouchsafe'],
    ['SP Entity ID', '{entity}'],
    ['ACS URLs', '{acs}'],
    ['SP Certificate', '{certificate}'],
    ['SAMLSubject NameID', 'id'],
    ['SAMLSubject NameID Format', PERSISTENT],
    ['Signature Algorithm', 'RSA-SHA256'],
    ['Sign', 'Assertion'],
    ['Default RelayState', '(leave empty)'],
    ['Login URL', '{login}'],
    ['Declare Redirect Endpoint', 'on'],
    ['IDP URL', 'a unique path'],
  ],
  sends: { nameIdFormat: PERSISTENT, signs: 'assertion' },
  email: ['mail', 'User Attribute Mapping: email'],
  name: ['displayName', 'User Attribute Mapping: displayname'],
  groups: ['groups', 'Group Attributes: include group attribute, name groups'],
  nextSteps: ['metadataUrl: Copy Metadata URL', 'JumpCloud offers no single logout'],
};

const duo: SamlGuide = {
  place: 'Applications → Application Catalog → Generic SAML Service Provider',
  rows: [
    ['Entity ID', '{entity}'],
    ['Assertion Consumer Service (ACS) URL', '{acs}'],
    ['Single Logout URL', '{logout}'],
    ['Service Provider Login URL', '{login}'],
    ['Default Relay State', '(leave empty)'],
    ['NameID format', PERSISTENT],
    ['NameID attribute', '<Username>'],
    ['Signature algorithm', 'SHA256'],
    ['Signing options', 'Sign response and Sign assertion'],
    ['Assertion encryption certificate', '{certificate}'],
  ],
  sends: { nameIdFormat: PERSISTENT, signs: 'both' },
  email: ['mail', 'Map attributes: <Email Address>'],
  name: ['displayName', 'Map attributes: <Display Name>'],
  groups: ['groups', 'Role attributes: attribute name groups, one role for each Duo group'],
  nextSteps: ['metadataUrl: Metadata → Metadata URL'],
};

const auth0: SamlGuide = {
  place: 'Applications → your application → Addons → SAML2 Web App',
  rows: [
    ['Application Callback URL', '{acs}'],
    ['Settings: audience', '{entity}'],
    ['Settings: recipient', '{acs}'],
    ['Settings: destination', '{acs}'],
    ['Settings: nameIdentifierFormat', PERSISTENT],
    ['Settings: nameIdentifierProbes', `["${CLAIMS}/nameidentifier"]`],
    ['Settings: signatureAlgorithm', 'rsa-sha256'],
    ['Settings: digestAlgorithm', 'sha256'],
    ['Settings: signResponse', 'false: the assertion is signed'],
    ['Settings: logout', '{ "callback": "{logout}", "slo_enabled": true }'],
    ['Settings: mappings', `{ "email": "${CLAIMS}/emailaddress", "name": "displayName", "groups": "groups" }`],
    ['Link for users', '{login}'],
  ],
  sends: { nameIdFormat: PERSISTENT, signs: 'assertion' },
  email: [`${CLAIMS}/emailaddress`, 'email'],
  name: ['displayName', 'name'],
  groups: ['groups', "Action after login: api.samlResponse.setAttribute('groups', event.authorization?.roles ?? [])"],
  nextSteps: ['metadataUrl: Usage → Identity Provider Metadata'],
};

export const HOSTED = { okta, entra, google, pingone, onelogin, jumpcloud, duo, auth0 };
