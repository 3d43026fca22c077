/** Identity providers that there is a guide for; generic stands for any other. */
export const GUIDED = ['okta', 'entra', 'shibboleth', 'google', 'generic'] as const;
export type GuidedProvider = (typeof GUIDED)[number];

/** Our side of a connection, as its provider has to know it. */
export interface OurSide {
  readonly entityId: string;
  readonly acsUrl: string;
  readonly metadataUrl: string;
  readonly loginUrl: string;
  readonly logoutUrl: string;
  readonly wantAssertionEncrypted: boolean;
  /** PEM, where there is one. */
  readonly certificate: string | null;
  readonly emailAttribute: string | null;
  readonly groupAttribute: string | null;
  readonly nameAttribute: string | null;
}

const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';

/** How each provider calls what it asks for, and where it has what we ask for. */
interface Words {
  readonly acs: string;
  readonly entity: string;
  readonly format: readonly [string, string];
  readonly logout: string;
  readonly start: string;
  readonly certificate: string;
  readonly email: readonly [string, string];
  readonly name: readonly [string, string];
  readonly groups: readonly [string, string];
  readonly more?: (us: OurSide) => readonly (readonly [string, string])[];
  readonly nextSteps: readonly string[];
}

const WORDS: Readonly<Record<GuidedProvider, Words>> = {
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
      'subject: entra-object, so that people stay who they are when their names change',
      'groupRoles: groups by their object id',
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
    groups: ['urn:oid:1.3.6.1.4.1.5923.1.1.1.9', 'eduPersonScopedAffiliation, or the attribute that groups are in'],
    more: (us) => [
      ['metadata-providers.xml', `FileBackedHTTPMetadataProvider of ${us.metadataUrl}`],
      [
        'relying-party.xml',
        `SAML2.SSO for ${us.entityId}: signAssertions="true" encryptAssertions="${us.wantAssertionEncrypted}"`,
      ],
      ['attribute-filter.xml', `PolicyRequirementRule xsi:type="Requester" value="${us.entityId}"`],
    ],
    nextSteps: [
      'metadataUrl: the address of your own metadata, often https://…/idp/shibboleth',
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
      'metadata: the file offered as Download metadata; Google publishes no address for it, so hand in the ' +
        'next one before the certificate expires',
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
    more: (us) => [
      ['Service provider metadata', us.metadataUrl],
      ['Signature', 'the assertion, RSA with SHA-256 or stronger'],
    ],
    nextSteps: ['metadataUrl or metadata; without either idpEntityId, idpSsoUrl and idpCertificates'],
  },
};

/** The exact values to enter at a provider, in its own words, and what to do then. */
export function guideFor(provider: GuidedProvider, us: OurSide) {
  const words = WORDS[provider];
  const attribute = (own: string | null, [name, source]: readonly [string, string], purpose: string) => ({
    name: own ?? name,
    source,
    purpose,
  });
  const fields: (readonly [string, string])[] = [
    [words.acs, us.acsUrl],
    [words.entity, us.entityId],
    words.format,
    [words.logout, us.logoutUrl],
    [words.start, us.loginUrl],
    ...(us.certificate === null ? [] : [[words.certificate, us.certificate] as const]),
    ...(words.more?.(us) ?? []),
  ];
  return {
    provider,
    protocol: 'saml',
    fields: fields.map(([field, value]) => ({ field, value })),
    attributes: [
      attribute(us.emailAttribute, words.email, 'e-mail address'),
      attribute(us.nameAttribute, words.name, 'name'),
      attribute(us.groupAttribute, words.groups, 'groups, which decide the role'),
    ],
    afterwards: [...words.nextSteps, 'a test sign-in, then enforcement'],
  };
}
