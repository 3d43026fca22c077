import { newId } from '../../src/platform/clock/id.js';
import type { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { exported } from '../harness/exports.js';
import type { CodeApp } from '../harness/factors.js';
import type { Member } from '../harness/factories.js';
import { newSigningKey } from '../harness/saml-idp.js';
import { COLLECTIONS, defaultBody, type Source } from './default-samples.js';
import * as members from './fixture-members.js';
import * as rows from './fixture-rows.js';
import { collections } from './openapi.js';

export { fingerprint } from './fingerprint.js';

/**
 * Ids of one resource of each kind. The `label` of a tenant is a text in its data that no other tenant may receive.
 */
export interface Ids {
  org: string;
  person: string;
  membership: string;
  user: string;
  assignment: string;
  session: string;
  source: string;
  delivery: string;
  connection: string;
  oidcConnection: string;
  /** A connection whose provider publishes its metadata. */
  publishedConnection: string;
  /** An identity of `identityMember` at `publishedConnection`. */
  identity: string;
  identityMember: string;
  domain: string;
  export: string;
  invite: string;
  /** Another organization of `multiOrgMember`. */
  sister: string;
  /** The membership of `multiOrgMember`. */
  newOwner: string;
  /** A custom role. */
  role: string;
  accessGrant: string;
  declinable: string;
  accessReview: string;
  /** An undecided item that does not concern the director. */
  accessReviewItem: string;
  decidedReview: string;
  apiKey: string;
  /** The membership that the API key acts as. */
  keyOwner: string;
  /** A connection whose SCIM directory provisions members. */
  directory: string;
  scimToken: string;
  /** A member and a group that this directory provisioned. */
  scimUser: string;
  scimGroup: string;
  passkey: string;
  device: string;
  /** A row of a collection that is filled with its default sample, by the path of the collection. */
  [collection: `/${string}`]: string;
}

/** The owner role, a staff role, and a role of record subjects, by preset. */
const ROLES_UNDER_TEST = {
  gme: { owner: 'program_director', helper: 'mentor', subject: 'trainee' },
  enrollment: { owner: 'admin', helper: 'staff', subject: 'portal' },
} as const;

/** A tenant with at least one row in every table. */
export interface Tenant {
  ids: Ids;
  roles: (typeof ROLES_UNDER_TEST)[keyof typeof ROLES_UNDER_TEST];
  label: string;
  /** An owner with every permission of the organization. */
  director: Client;
  directorMember: Member;
  /** The members for page tests: one with an e-mail verification token, and one with a started TOTP enrollment. */
  pages: { client: Client; token: string; confirming: Client; app: CodeApp };
  /** A member without any permission. */
  powerless: Client;
  /**
   * A member with second factors and a session that presented one. The TOTP enrollment of `confirming` is not
   * confirmed, because the confirmation replaces the session.
   */
  factorMember: { client: Client; confirming: Client; app: CodeApp };
  /** A second owner, for requests that end the director's session. */
  deputy: Member;
  /** A member who also belongs to another organization. */
  multiOrgMember: Member;
  signIn: (member: Member) => Promise<Client>;
  /** Opens a new session through the OpenID provider. */
  throughProvider: () => Promise<Client>;
  /** Another organization that can enforce SSO: its tested connection, and a session of its owner. */
  enforcing: () => Promise<{ org: string; connection: string; client: Client }>;
  webhookSecret: string;
  /** Another organization and the token of its invite to the director. */
  invitedTo: { org: string; token: string };
  /** The same of a third organization, for the page. */
  invitedToPage: { org: string; token: string };
  /** The token that verifies the director's e-mail address. */
  verification: string;
  /** Metadata that can connect an identity provider. */
  metadata: string;
  /** The SCIM token of the connection. */
  directoryToken: string;
}

/** Returns metadata of an identity provider with a new key. */
export async function providerMetadata(): Promise<string> {
  const { certificate } = await newSigningKey();
  const der = certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '');
  return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"
      xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="urn:test:${newId()}">
    <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
      <KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data>
        <ds:X509Certificate>${der}</ds:X509Certificate>
      </ds:X509Data></ds:KeyInfo></KeyDescriptor>
      <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
        Location="https://idp.test.example/sso"/>
    </IDPSSODescriptor></EntityDescriptor>`;
}

/** Creates a resource from its default sample. */
async function create(
  client: Client,
  path: string,
  source: Source,
  changes: object,
): Promise<{ id: string; secret: string }> {
  const { status, body, text } = await client.post(path, { ...defaultBody('POST', path, source), ...changes });
  if (status !== 201) throw new Error(`POST ${path}: ${status} ${text}`);
  return body as { id: string; secret: string };
}

/** Creates one row in every collection that no fixture fills, so that a new module needs no line here. */
async function fillCollections(director: Client, source: Source): Promise<Record<`/${string}`, string>> {
  const filled: Record<`/${string}`, string> = {};
  for (const path of collections().filter((collection) => !(collection in COLLECTIONS)))
    filled[path as `/${string}`] = (await create(director, path, source, {})).id;
  return filled;
}

/** Creates a tenant through the application, and with superuser SQL for rows that only time or a partner creates. */
export async function makeTenant(
  harness: Harness,
  metadata: string,
  preset: keyof typeof ROLES_UNDER_TEST = 'gme',
): Promise<Tenant> {
  const label = `Label${newId().slice(-12)}`;
  const roles = ROLES_UNDER_TEST[preset];
  const org = await harness.make.organization(preset, `Program ${label}`);
  const [directorMember, mentor, powerless] = [
    await harness.make.member(org, roles.owner),
    await harness.make.member(org, roles.helper),
    await harness.make.member(org, roles.helper),
  ];
  const [deputy, multiOrgMember] = [
    await harness.make.member(org, roles.owner),
    await harness.make.member(org, roles.subject),
  ];
  const sister = await harness.make.organization('gme', `Sister ${label}`);
  await harness.make.member(sister, 'trainee', { email: multiOrgMember.email });
  await rows.joinInstitution(harness, [org, sister]);
  const director = await harness.signIn(directorMember.email);
  const person = await harness.make.person(org, {
    givenName: 'Synthetic',
    familyName: label,
    externalId: `ext-${label}`,
    email: `${label}@test.example`,
    ssn: '000-12-3456',
    title: label,
  });
  const assignment = await harness.make.assignment(org, mentor.membershipId, person);
  const session = await members.anotherSession(harness, directorMember);
  await members.removePermissions(harness, org, powerless.membershipId);
  const source: Source = { ids: {}, role: roles.subject, text: label };
  const created = (path: string, changes: object = {}) => create(director, path, source, changes);
  const webhooks = await created('/v1/webhook-sources');
  const { id: connection } = await created('/v1/sso/connections', { metadata, defaultRole: roles.subject });
  const { id: publishedConnection } = await created('/v1/sso/connections', {
    metadata,
    defaultRole: roles.subject,
  });
  await harness.database.superuser(
    `UPDATE sso_connections SET metadata_url = 'http://127.0.0.1:1/metadata' WHERE id = $1`,
    [publishedConnection],
  );
  const { id: domain } = await created('/v1/sso/domains', { domain: `${label}.test.example` });
  const { id: oidcConnection } = await created('/v1/sso/connections', {
    protocol: 'oidc',
    issuer: 'http://127.0.0.1:9',
    clientId: label,
    defaultRole: roles.subject,
  });
  const { id: invite } = await created('/v1/invites', { email: `invited-${label}@test.example` });
  const { passkey, device, ...factorMember } = await members.makeFactorMembers(harness, org, roles.helper);
  const delivery = await rows.failedDelivery(harness, org, webhooks);
  const { id: exportId } = await exported(director, { kind: 'person_pdf', personId: person });
  const lastLetter = 'abcdefgh'[Number.parseInt(label.slice(-1), 16) % 8];
  const role = `r${label.toLowerCase().replaceAll(/[^a-z]/g, '')}${lastLetter}`;
  await created('/v1/roles', { key: role });
  const { id: apiKey } = await created('/v1/api-keys');
  const [accessGrant, declinable] = await Promise.all(
    [1, 2].map(async () => (await rows.requestAccess(harness, mentor, person)).id),
  );
  await director.patch(`/v1/people/${person}`, { title: `Now ${label}` });
  await director.put(`/v1/roles/${roles.subject}/permissions/person:read`, { scope: 'none' });
  await director.post('/v1/retention/policies/sessions.expired/run', {});
  const reviewIds = await rows.reviews(harness, director, directorMember);
  await director.put('/v1/retention/policies/webhook_inbox.payload/days', { days: 20 });
  await harness.settled();
  const directory = await rows.provisionByScim(
    harness,
    director,
    (await created('/v1/sso/connections', { name: `${label} directory`, metadata, defaultRole: roles.subject })).id,
    label,
  );
  const identity = await rows.insertRemaining(harness, org, {
    connection: publishedConnection,
    moveTo: oidcConnection,
    membership: powerless.membershipId,
    label,
  });
  await rows.testedConnection(harness, org, { connection, by: directorMember.membershipId, label });
  const ids = {
    org,
    person,
    membership: mentor.membershipId,
    user: mentor.userId,
    assignment,
    session,
    source: webhooks.id,
    delivery,
    connection,
    oidcConnection,
    publishedConnection,
    identity,
    identityMember: powerless.membershipId,
    domain,
    export: exportId,
    role,
    accessGrant: accessGrant!,
    declinable: declinable!,
    apiKey,
    keyOwner: directorMember.membershipId,
    passkey,
    device,
    invite,
    sister,
    newOwner: multiOrgMember.membershipId,
    ...reviewIds,
    ...directory.ids,
  };
  return {
    ids: { ...ids, ...(await fillCollections(director, { ...source, ids })) },
    pages: await members.makePageMembers(harness, org, roles.helper),
    roles,
    label,
    director,
    directorMember,
    factorMember,
    powerless: await harness.signIn(powerless.email),
    deputy,
    multiOrgMember,
    signIn: ({ email }) => harness.signIn(email),
    throughProvider: () => members.throughProvider(harness, deputy, oidcConnection),
    enforcing: () => members.enforcingOwner(harness, metadata),
    webhookSecret: webhooks.secret,
    metadata,
    directoryToken: directory.token,
    verification: await members.verificationToken(harness, director, directorMember),
    invitedTo: await members.inviteMember(harness, directorMember),
    invitedToPage: await members.inviteMember(harness, directorMember),
  };
}
