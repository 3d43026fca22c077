import { stepsFor, type OidcGuide } from './oidc-guide.js';

/** Guides for providers that an institution runs. */

const KEYCLOAK = 'https://<host>/realms/<realm>';
const keycloak: OidcGuide = {
  place: 'Clients → Create client → Client type OpenID Connect',
  issuer: KEYCLOAK,
  rows: [
    ['Client authentication', 'On'],
    ['Authentication flow', 'Standard flow only'],
    ['Home URL', '{login}'],
    ['Valid redirect URIs', '{callback}'],
    ['Valid post logout redirect URIs', '{postLogout}'],
    ['Front channel logout', 'Off'],
    ['Backchannel logout URL', '{backchannel}'],
    ['Backchannel logout session required', 'On'],
    ['Advanced: Proof Key for Code Exchange Code Challenge Method', 'S256'],
    ['Advanced: ID token signature algorithm', 'RS256'],
    ['Credentials: Client Authenticator', 'Client Id and Secret'],
  ],
  sends: { claimsIn: 'id-token', emailVerified: true, authentication: 'client_secret_basic' },
  email: ['email', 'client scope email'],
  name: ['name', 'client scope profile'],
  groups: [
    'groups',
    'Dedicated client scope → Mapper Group Membership: Token Claim Name groups, Full group path Off, Add to ID token',
  ],
  nextSteps: stepsFor(
    KEYCLOAK,
    'Keycloak states email_verified: false until the user has confirmed the address or Email verified is On. Such a ' +
      'user cannot sign in',
    'for realm roles in place of groups: groupAttribute realm_access.roles, with Add to ID token On',
  ),
};

const ADFS = 'https://<host>/adfs';
const adfs: OidcGuide = {
  place: 'AD FS Management → Application Groups → Add → Server application accessing a web API',
  issuer: ADFS,
  rows: [
    ['Client Identifier', '(generated)'],
    ['Redirect URI', '{callback}'],
    ['Application Credentials', 'Generate a shared secret'],
    ['Web API: Identifier', 'the client identifier'],
    ['Web API: Permitted scopes', 'allatclaims, email, openid, profile'],
    ['Set-AdfsServerApplication -LogoutUri', '(leave empty)'],
    ['Link for users', '{login}'],
  ],
  sends: { claimsIn: 'id-token', emailVerified: false, authentication: 'client_secret_post' },
  email: ['email', 'Web API → Issuance Transform Rules → Send LDAP Attributes as Claims: E-Mail-Addresses → email'],
  name: ['name', 'the same rule: Display-Name → name'],
  groups: ['groups', 'the same rule: Token-Groups - Unqualified Names → groups'],
  settings: { scopes: ['allatclaims'] },
  nextSteps: stepsFor(ADFS, 'AD FS puts the claims into the ID token only with the scope allatclaims'),
};

const PINGFEDERATE = 'https://<host>';
const pingfederate: OidcGuide = {
  place: 'Applications → OAuth → Clients → Add Client',
  issuer: PINGFEDERATE,
  rows: [
    ['Client Authentication', 'Client Secret'],
    ['Redirection URIs', '{callback}'],
    ['Allowed Grant Types', 'Authorization Code'],
    ['Require Proof Key for Code Exchange (PKCE)', 'on'],
    ['OpenID Connect → ID Token Signing Algorithm', 'RSA using SHA-256'],
    ['OpenID Connect → ID Token Key Management Encryption Algorithm', '(none)'],
    ['OpenID Connect → Back-Channel Logout URI', '{backchannel}'],
    ['OpenID Connect → Post-Logout Redirect URIs', '{postLogout}'],
    ['OpenID Connect Policy → Include User Info in ID Token', 'on'],
    ['Link for users', '{login}'],
  ],
  sends: { claimsIn: 'id-token', emailVerified: false, authentication: 'client_secret_basic' },
  email: ['email', 'OpenID Connect Policy → Attribute Contract and Attribute Scopes: email'],
  name: ['name', 'OpenID Connect Policy → Attribute Contract and Attribute Scopes: profile'],
  groups: ['groups', 'OpenID Connect Policy → Attribute Contract: groups, with Multi-Valued on'],
  nextSteps: stepsFor(PINGFEDERATE, 'issuer: System → Server → Protocol Settings → Base URL'),
};

const SHIBBOLETH = 'https://<host>';
const shibboleth: OidcGuide = {
  place: 'the plugin OIDC OP: conf/relying-party.xml and the JSON metadata of clients',
  issuer: SHIBBOLETH,
  rows: [
    ['redirect_uris', '["{callback}"]'],
    ['grant_types, response_types', '["authorization_code"], ["code"]'],
    ['token_endpoint_auth_method', 'client_secret_basic'],
    ['scope', 'openid profile email'],
    ['subject_type', 'public'],
    ['id_token_signed_response_alg', 'RS256'],
    ['relying-party.xml', 'OIDC.SSO with p:encodedAttributes and the attributes below in alwaysIncludedAttributes'],
    ['attribute-filter.xml', 'PolicyRequirementRule xsi:type="oidc:OIDCScope" value="email" and value="profile"'],
    ['Link for users', '{login}'],
  ],
  sends: { claimsIn: 'userinfo', emailVerified: false, authentication: 'client_secret_basic' },
  email: ['email', 'attribute mail, transcoded as oidc.name email'],
  name: ['name', 'attribute displayName, transcoded as oidc.name name'],
  groups: ['groups', 'attribute isMemberOf, transcoded as oidc.name groups'],
  nextSteps: stepsFor(SHIBBOLETH, 'issuer: the property idp.oidc.issuer'),
};

const CAS = 'https://<host>/cas/oidc';
const cas: OidcGuide = {
  place: 'Service registry: a JSON file of class org.apereo.cas.services.OidcRegisteredService',
  issuer: CAS,
  rows: [
    ['serviceId', '{callback}'],
    ['clientId, clientSecret', 'random values'],
    ['supportedGrantTypes, supportedResponseTypes', '["authorization_code"], ["code"]'],
    ['tokenEndpointAuthenticationMethod', 'client_secret_basic'],
    ['scopes', '["openid", "profile", "email", "groups"]'],
    ['logoutUrl, logoutType', '{backchannel}, BACK_CHANNEL'],
    ['cas.authn.oauth.core.user-profile-view-type', 'FLAT'],
    ['cas.authn.oidc.core.user-defined-scopes.groups', 'groups'],
    ['cas.authn.oidc.core.claims-map.groups', 'memberOf'],
    ['Link for users', '{login}'],
  ],
  sends: { claimsIn: 'userinfo', emailVerified: false, authentication: 'client_secret_basic' },
  email: ['email', 'scope email; cas.authn.oidc.core.claims-map.email=mail'],
  name: ['name', 'scope profile; cas.authn.oidc.core.claims-map.name=displayName'],
  groups: ['groups', 'scope groups'],
  settings: { scopes: ['groups'] },
  nextSteps: stepsFor(CAS, 'issuer: the property cas.authn.oidc.core.issuer'),
};

const generic: OidcGuide = {
  place: 'the registration of a confidential web client',
  issuer: 'https://<host>',
  rows: [
    ['Redirect URI', '{callback}'],
    ['Post-logout redirect URI', '{postLogout}'],
    ['Back-channel logout URI', '{backchannel}'],
    ['Front-channel logout URI, if back-channel logout is not offered', '{frontchannel}'],
    ['Grant type, response type', 'authorization_code, code'],
    ['PKCE', 'S256'],
    ['Client authentication', 'client_secret_basic or client_secret_post; none for a public client'],
    ['ID token signature', 'RS256, PS256, ES256, EdDSA, or stronger'],
    ['ID token encryption', 'none'],
    ['Link for users', '{login}'],
  ],
  sends: { claimsIn: 'id-token', emailVerified: false, authentication: 'client_secret_basic' },
  email: ['email', 'scope email'],
  name: ['name', 'scope profile'],
  groups: ['groups', 'names of groups'],
  nextSteps: stepsFor('the value of issuer in the discovery document', 'scopes: the scope that groups need, if any'),
};

export const SELF_HOSTED = { keycloak, adfs, pingfederate, shibboleth, cas, generic };
