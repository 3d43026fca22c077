import { stepsFor, type OidcGuide } from './oidc-guide.js';

/** Guides for providers that run as a service. */

const OKTA = 'https://<domain>.okta.com';
const okta: OidcGuide = {
  place: 'Applications → Create App Integration → OIDC - OpenID Connect → Web Application',
  issuer: OKTA,
  rows: [
    ['Grant type', 'Authorization Code'],
    ['Sign-in redirect URIs', '{callback}'],
    ['Sign-out redirect URIs', '{postLogout}'],
    ['Client authentication', 'Client secret'],
    ['Proof Key for Code Exchange (PKCE)', 'Require PKCE as additional verification'],
    ['Login initiated by', 'App Only'],
    ['Sign On → OpenID Connect ID Token → Issuer', 'Okta URL'],
    ['Sign On → Groups claim type', 'Filter'],
    ['Sign On → Groups claim filter', 'groups, Matches regex, for example ^vouchsafe-.*'],
    ['Link for users', '{login}'],
  ],
  sends: { claimsIn: 'userinfo', emailVerified: true, authentication: 'client_secret_basic' },
  email: ['email', 'scope email'],
  name: ['name', 'scope profile'],
  groups: ['groups', 'the groups claim filter'],
  settings: { scopes: ['groups'] },
  nextSteps: stepsFor(OKTA, 'for a custom authorization server: issuer https://<domain>.okta.com/oauth2/<server>'),
};

const ENTRA = 'https://login.microsoftonline.com/<directory id>/v2.0';
const entra: OidcGuide = {
  place: 'App registrations → New registration',
  issuer: ENTRA,
  rows: [
    ['Supported account types', 'Accounts in this organizational directory only'],
    ['Redirect URI (Web)', '{callback}'],
    ['Front-channel logout URL', '(leave empty)'],
    ['Implicit grant and hybrid flows', 'off'],
    ['Certificates & secrets', 'New client secret'],
    ['Token configuration → Add optional claim → ID', 'email; also xms_edov for a connection of several directories'],
    ['Token configuration → Add groups claim', 'Groups assigned to the application, ID: Group ID'],
    ['API permissions (Microsoft Graph, delegated)', 'openid, email, profile'],
    ['Home page URL', '{login}'],
  ],
  sends: { claimsIn: 'id-token', emailVerified: false, authentication: 'client_secret_post' },
  email: ['email', 'optional claim email'],
  name: ['name', 'scope profile'],
  groups: ['groups', 'groups claim'],
  settings: { subject: 'entra-object' },
  nextSteps: stepsFor(
    ENTRA,
    'subject: entra-object, so that a renamed user keeps the same account',
    'several directories: issuer https://login.microsoftonline.com/organizations/v2.0, tenants: the directory ids, ' +
      'and the optional claim xms_edov in the ID token, because one directory could name an address of another',
    'groupRoles: the object id of each group',
  ),
};

const GOOGLE = 'https://accounts.google.com';
const google: OidcGuide = {
  place: 'Google Cloud console → Google Auth Platform → Clients → Create client',
  issuer: GOOGLE,
  rows: [
    ['Application type', 'Web application'],
    ['Authorized redirect URIs', '{callback}'],
    ['Audience → User type', 'Internal'],
    ['Data Access → scopes', 'openid, email, profile'],
    ['Link for users', '{login}'],
  ],
  sends: { claimsIn: 'id-token', emailVerified: true, groups: false, authentication: 'client_secret_post' },
  email: ['email', 'scope email'],
  name: ['name', 'scope profile'],
  groups: ['groups', 'not sent by Google: set defaultRole, or use SAML for roles by group'],
  nextSteps: stepsFor(GOOGLE, 'tenants: your Google Workspace domain, or verify the domain for the organization'),
};

const PINGONE = 'https://auth.pingone.<region>/<environment id>/as';
const pingone: OidcGuide = {
  place: 'Applications → Add Application → OIDC Web App',
  issuer: PINGONE,
  rows: [
    ['Response Type', 'Code'],
    ['Grant Type', 'Authorization Code'],
    ['PKCE Enforcement', 'S256_REQUIRED'],
    ['Redirect URIs', '{callback}'],
    ['Signoff URLs', '{postLogout}'],
    ['Token Endpoint Authentication Method', 'Client Secret Basic'],
    ['Resources: Allowed Scopes', 'openid, email, profile'],
    ['Initiate Login URI', '{login}'],
  ],
  sends: { claimsIn: 'id-token', emailVerified: false, authentication: 'client_secret_basic' },
  email: ['email', 'Attribute Mappings: Email Address'],
  name: ['name', 'Attribute Mappings: Formatted'],
  groups: ['groups', 'Attribute Mappings: Group Names'],
  nextSteps: stepsFor(PINGONE),
};

const ONELOGIN = 'https://<subdomain>.onelogin.com/oidc/2';
const onelogin: OidcGuide = {
  place: 'Applications → Add App → OpenId Connect (OIDC) → Configuration, SSO',
  issuer: ONELOGIN,
  rows: [
    ['Login Url', '{login}'],
    ["Redirect URI's", '{callback}'],
    ['Post Logout Redirect URIs', '{postLogout}'],
    ['Application Type (tab SSO)', 'Web'],
    ['Token Endpoint: Authentication Method (tab SSO)', 'Basic'],
  ],
  sends: { claimsIn: 'userinfo', emailVerified: false, authentication: 'client_secret_basic' },
  email: ['email', 'scope email'],
  name: ['name', 'scope profile'],
  groups: ['groups', 'tab Parameters: Groups = User Roles'],
  settings: { scopes: ['groups'] },
  nextSteps: stepsFor(ONELOGIN),
};

const JUMPCLOUD = 'https://oauth.id.jumpcloud.com/';
const jumpcloud: OidcGuide = {
  place: 'SSO Applications → Add New Application → Custom Application → Configure SSO with OIDC',
  issuer: JUMPCLOUD,
  rows: [
    ['Redirect URIs', '{callback}'],
    ['Client Authentication Type', 'Client Secret Basic'],
    ['Login URL', '{login}'],
    ['Attribute Mapping: Standard Scopes', 'Email, Profile'],
    ['Group Attributes', 'include group attribute, name groups'],
  ],
  sends: { claimsIn: 'id-token', emailVerified: true, authentication: 'client_secret_basic' },
  email: ['email', 'standard scope Email'],
  name: ['name', 'standard scope Profile'],
  groups: ['groups', 'the group attribute'],
  nextSteps: stepsFor(JUMPCLOUD, 'the issuer ends with a slash'),
};

const DUO = 'https://sso-<id>.sso.duosecurity.com/oidc/<client id>';
const duo: OidcGuide = {
  place: 'Applications → Application Catalog → Generic OIDC Relying Party',
  issuer: DUO,
  rows: [
    ['Grant Type', 'Authorization code'],
    ['Sign-In Redirect URLs', '{callback}'],
    ['Allow clients without secrets (PKCE only)', 'off'],
    ['OIDC Response: Scopes', 'openid, email, profile'],
    ['Scope email: claim email', '<Email Address>'],
    ['Scope profile: claim name', '<Display Name>'],
    ['Link for users', '{login}'],
  ],
  sends: { claimsIn: 'userinfo', emailVerified: false, authentication: 'client_secret_basic' },
  email: ['email', 'scope email'],
  name: ['name', 'scope profile'],
  groups: ['groups', 'Additional scope groups with a claim groups, one value for each Duo group'],
  settings: { scopes: ['groups'] },
  nextSteps: stepsFor(DUO),
};

const AUTH0 = 'https://<domain>/';
const auth0: OidcGuide = {
  place: 'Applications → Create Application → Regular Web Application',
  issuer: AUTH0,
  rows: [
    ['Allowed Callback URLs', '{callback}'],
    ['Allowed Logout URLs', '{postLogout}'],
    ['Application Login URI', '{login}'],
    ['Credentials: Application Authentication Method', 'Client Secret (Post)'],
    ['Advanced → OAuth → JSON Web Token (JWT) Signature Algorithm', 'RS256'],
    ['Advanced → OAuth → OIDC Conformant', 'on'],
    ['OpenID Connect Back-Channel Logout: Back-Channel Logout URI', '{backchannel}'],
  ],
  sends: { claimsIn: 'id-token', emailVerified: true, authentication: 'client_secret_post' },
  email: ['email', 'scope email'],
  name: ['name', 'scope profile'],
  groups: ['groups', "Action after login: api.idToken.setCustomClaim('groups', event.authorization?.roles ?? [])"],
  nextSteps: stepsFor(
    AUTH0,
    'the issuer ends with a slash',
    'Auth0 states email_verified: false until the user has confirmed the address. Such a user cannot sign in',
  ),
};

export const HOSTED = { okta, entra, google, pingone, onelogin, jumpcloud, duo, auth0 };
