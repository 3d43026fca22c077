/** The identity providers with their own guide; `generic` is for any other provider. */
export const GUIDED = ['okta', 'entra', 'shibboleth', 'google', 'generic'] as const;
export type GuidedProvider = (typeof GUIDED)[number];

/** The values of a connection that its provider needs. */
export interface ServiceProvider {
  readonly entityId: string;
  readonly acsUrl: string;
  readonly metadataUrl: string;
  readonly loginUrl: string;
  readonly logoutUrl: string;
  readonly wantAssertionEncrypted: boolean;
  /** PEM; null when the connection has no key. */
  readonly certificate: string | null;
  readonly emailAttribute: string | null;
  readonly groupAttribute: string | null;
  readonly nameAttribute: string | null;
}

const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';

/** A provider's own names for the fields, and its sources for the attributes. */
interface ProviderTerms {
  readonly acs: string;
  readonly entity: string;
  readonly format: readonly [string, string];
  readonly logout: string;
  readonly start: string;
  readonly certificate: string;
  readonly email: readonly [string, string];
  readonly name: readonly [string, string];
  readonly groups: readonly [string, string];
  readonly more?: (sp: ServiceProvider) => readonly (readonly [string, string])[];
  readonly nextSteps: readonly string[];
}

const TERMS: Readonly<Record<GuidedProvider, ProviderTerms>> = {
  okta: {
    acs: 'Single sign-on URL',
    entity: 'Audience URI (SP Entity ID)',
    format: ['Name ID format', 'Persistent'],
    logout: 'Single Logout URL',
    start: 'Default RelayState (leave empty); link for users',
    certificate: 'Encryption and Signature Certificate',
    email: ['mail', 'user.email'],
    name: ['displayName', 'user.displayName'],
    groups: ['groups', 'Group attribute statement, filter: Matches regex .*'],
    more: () => [
      ['Use this for Recipient URL and Destination URL', 'yes'],
      ['Response', 'Signed'],
      ['Assertion Signature', 'Signed'],
      ['Signature Algorithm', 'RSA-SHA256'],
      ['Digest Algorithm', 'SHA256'],
    ],
    nextSteps: ['metadataUrl: Sign On → SAML 2.0 → Metadata URL'],
  },
  entra: {
    acs: 'Reply URL (Assertion Consumer Service URL)',
    entity: 'Identifier (Entity ID)',
    format: ['Unique User Identifier (Name ID), format', 'Persistent'],
    logout: 'Logout URL',
    start: 'Sign on URL',
    certificate: 'Token encryption certificate',
    email: ['http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress', 'user.mail'],
    name: ['http://schemas.microsoft.com/identity/claims/displayname', 'user.displayname'],
    groups: [
      'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups',
      'Add a group claim: Groups assigned to the application, source attribute Group ID',
    ],
    more: () => [
      ['Signing Option', 'Sign SAML assertion'],
      ['Signing Algorithm', 'SHA-256'],
    ],
    nextSteps: [
      'metadataUrl: App Federation Metadata Url',
      'subject: entra-object, so that a renamed user keeps the same account',
      'groupRoles: the object id of each group',
    ],
  },
  shibboleth: {
    acs: 'AssertionConsumerService Location (metadata)',
    entity: 'EntityDescriptor entityID (metadata)',
    format: ['NameID format', PERSISTENT],
    logout: 'SingleLogoutService Location (metadata)',
    start: 'Link for users',
    certificate: 'KeyDescriptor use="encryption" (metadata)',
    email: ['urn:oid:0.9.2342.19200300.100.1.3', 'mail'],
    name: ['urn:oid:2.16.840.1.113730.3.1.241', 'displayName'],
    groups: [
      'urn:oid:1.3.6.1.4.1.5923.1.1.1.9',
      'eduPersonScopedAffiliation, or the attribute that contains the groups',
    ],
    more: (sp) => [
      ['metadata-providers.xml', `FileBackedHTTPMetadataProvider of ${sp.metadataUrl}`],
      [
        'relying-party.xml',
        `SAML2.SSO for ${sp.entityId}: signAssertions="true" encryptAssertions="${sp.wantAssertionEncrypted}"`,
      ],
      ['attribute-filter.xml', `PolicyRequirementRule xsi:type="Requester" value="${sp.entityId}"`],
    ],
    nextSteps: [
      'metadataUrl: the URL of your own metadata, often https://…/idp/shibboleth',
      'groupAttribute: urn:oid:1.3.6.1.4.1.5923.1.1.1.9',
    ],
  },
  google: {
    acs: 'ACS URL',
    entity: 'Entity ID',
    format: ['Name ID format', 'PERSISTENT; Name ID: Basic Information > Primary email'],
    logout: 'Logout URL (not offered by Google)',
    start: 'Start URL (leave empty); link for users',
    certificate: 'Encryption certificate (not offered by Google)',
    email: ['mail', 'Basic Information > Primary email'],
    name: ['displayName', 'Basic Information > First name'],
    groups: ['groups', 'Group membership: choose the groups, App attribute groups'],
    more: () => [['Signed response', 'off: the assertion is signed']],
    nextSteps: [
      'metadata: the file that Download metadata offers. Google publishes no URL for it, so upload the next file ' +
        'before the certificate expires',
    ],
  },
  generic: {
    acs: 'Assertion consumer service URL (HTTP-POST)',
    entity: 'Service provider entity id, audience',
    format: ['NameID format', PERSISTENT],
    logout: 'Single logout URL',
    start: 'Link for users',
    certificate: 'Service provider certificate',
    email: ['mail', 'e-mail address'],
    name: ['displayName', 'full name'],
    groups: ['groups', 'names of groups'],
    more: (sp) => [
      ['Service provider metadata', sp.metadataUrl],
      ['Signature', 'the assertion, RSA with SHA-256 or stronger'],
    ],
    nextSteps: ['metadataUrl or metadata; otherwise idpEntityId, idpSsoUrl, and idpCertificates'],
  },
};

/** Returns the exact values to enter at a provider, in the provider's own terms, and the next steps. */
export function guideFor(provider: GuidedProvider, sp: ServiceProvider) {
  const terms = TERMS[provider];
  const attribute = (configured: string | null, [name, source]: readonly [string, string], purpose: string) => ({
    name: configured ?? name,
    source,
    purpose,
  });
  const fields: (readonly [string, string])[] = [
    [terms.acs, sp.acsUrl],
    [terms.entity, sp.entityId],
    terms.format,
    [terms.logout, sp.logoutUrl],
    [terms.start, sp.loginUrl],
    ...(sp.certificate === null ? [] : [[terms.certificate, sp.certificate] as const]),
    ...(terms.more?.(sp) ?? []),
  ];
  return {
    provider,
    protocol: 'saml',
    fields: fields.map(([field, value]) => ({ field, value })),
    attributes: [
      attribute(sp.emailAttribute, terms.email, 'e-mail address'),
      attribute(sp.nameAttribute, terms.name, 'name'),
      attribute(sp.groupAttribute, terms.groups, 'groups, which decide the role'),
    ],
    nextSteps: [...terms.nextSteps, 'run a test sign-in, then enforce single sign-on'],
  };
}
