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

/** Ids of one thing of each kind. A text in one tenant's data that no other tenant may ever be shown is its `mark`. */
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
  /** One whose provider publishes its metadata. */
  publishedConnection: string;
  domain: string;
  export: string;
  invite: string;
  /** Another organization of the traveller's. */
  sister: string;
  /** The traveller's membership. */
  heir: string;
  /** A role of the organization's own. */
  role: string;
  accessGrant: string;
  declinable: string;
  accessReview: string;
  /** Something in it that is not decided yet, and not the director's own. */
  accessReviewItem: string;
  decidedReview: string;
  apiKey: string;
  /** The membership that the key acts as. */
  keyOwner: string;
  /** A connection by whose directory members are made. */
  directory: string;
  scimToken: string;
  /** A member by the word of that directory, and a group of it. */
  scimUser: string;
  scimGroup: string;
  passkey: string;
  device: string;
  /** A row of a collection that is filled with its default sample, by the path of the collection. */
  [collection: `/${string}`]: string;
}

/** Who leads, who helps and whose records are kept, in a vocabulary. */
const SEATS = {
  gme: { lead: 'program_director', helper: 'mentor', subject: 'trainee' },
  enrollment: { lead: 'admin', helper: 'staff', subject: 'portal' },
} as const;

/** A tenant with at least one row in every table. */
export interface Tenant {
  ids: Ids;
  roles: (typeof SEATS)[keyof typeof SEATS];
  mark: string;
  /** Leads the program: every permission that an organization has. */
  director: Client;
  directorMember: Member;
  /**
   * Who tries the pages: an address to be confirmed and the token that was mailed for it; codes that were begun to be
   * enrolled.
   */
  pages: { client: Client; token: string; confirming: Client; app: CodeApp };
  /** A member from whom every permission was taken. */
  powerless: Client;
  /**
   * A member with second factors, and with a session that has shown them; the codes are not confirmed, because whoever
   * confirms them gets another session.
   */
  keeper: { client: Client; confirming: Client; app: CodeApp };
  /** Leads the program too: for requests that would end the director's session. */
  deputy: Member;
  /** Belongs to another organization as well. */
  traveller: Member;
  signIn: (member: Member) => Promise<Client>;
  /** Somebody who came through the OpenID provider, anew each time. */
  throughProvider: () => Promise<Client>;
  webhookSecret: string;
  /** Another organization, and the token by which it invites the director. */
  invitedTo: { org: string; token: string };
  /** The token by which the director's address is confirmed. */
  verification: string;
  /** Metadata that an identity provider could be connected by. */
  metadata: string;
  /** The secret of the connection's directory. */
  directoryToken: string;
}

/** Metadata of an identity provider with a key of its own. */
export async function providerMetadata(): Promise<string> {
  const { certificate } = await newSigningKey();
  const der = certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '');
  return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="urn:test:${newId()}">
    <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
      <KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>
      <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.test.example/sso"/>
    </IDPSSODescriptor></EntityDescriptor>`;
}

/** Creates something from its default sample. */
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

/** One row in every collection that no fixture fills, so that a new module is covered without a line here. */
async function fillCollections(director: Client, source: Source): Promise<Record<`/${string}`, string>> {
  const filled: Record<`/${string}`, string> = {};
  for (const path of collections().filter((collection) => !(collection in COLLECTIONS)))
    filled[path as `/${string}`] = (await create(director, path, source, {})).id;
  return filled;
}

/** Sets up a tenant through the application, and by the superuser where only time or a partner would make a row. */
export async function makeTenant(
  harness: Harness,
  metadata: string,
  preset: keyof typeof SEATS = 'gme',
): Promise<Tenant> {
  const mark = `Mark${newId().slice(-12)}`;
  const roles = SEATS[preset];
  const org = await harness.make.organization(preset, `Program ${mark}`);
  const [directorMember, mentor, bare] = [
    await harness.make.member(org, roles.lead),
    await harness.make.member(org, roles.helper),
    await harness.make.member(org, roles.helper),
  ];
  const [deputy, traveller] = [
    await harness.make.member(org, roles.lead),
    await harness.make.member(org, roles.subject),
  ];
  const sister = await harness.make.organization('gme', `Sister ${mark}`);
  await harness.make.member(sister, 'trainee', { email: traveller.email });
  await rows.together(harness, [org, sister]);
  const director = await harness.signIn(directorMember.email);
  const person = await harness.make.person(org, {
    givenName: 'Synthetic',
    familyName: mark,
    externalId: `ext-${mark}`,
    email: `${mark}@test.example`,
    ssn: '000-12-3456',
    title: mark,
  });
  const assignment = await harness.make.assignment(org, mentor.membershipId, person);
  const session = await members.anotherSession(harness, directorMember);
  await members.takeAway(harness, org, bare.membershipId);
  const source: Source = { ids: {}, role: roles.subject, text: mark };
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
  const { id: domain } = await created('/v1/sso/domains', { domain: `${mark}.test.example` });
  const { id: oidcConnection } = await created('/v1/sso/connections', {
    protocol: 'oidc',
    issuer: 'http://127.0.0.1:9',
    clientId: mark,
    defaultRole: roles.subject,
  });
  const { id: invite } = await created('/v1/invites', { email: `invited-${mark}@test.example` });
  const { passkey, device, ...keeper } = await members.withFactors(harness, org, roles.helper);
  const delivery = await rows.deadDelivery(harness, org, webhooks);
  const { id: exportId } = await exported(director, { kind: 'person_pdf', personId: person });
  const role = `r${mark.toLowerCase().replaceAll(/[^a-z]/g, '')}${'abcdefgh'[Number.parseInt(mark.slice(-1), 16) % 8]}`;
  await created('/v1/roles', { key: role });
  const { id: apiKey } = await created('/v1/api-keys');
  const [accessGrant, declinable] = await Promise.all(
    [1, 2].map(async () => (await rows.askedFor(harness, mentor, person)).id),
  );
  await director.patch(`/v1/people/${person}`, { title: `Now ${mark}` });
  await director.put(`/v1/roles/${roles.subject}/permissions/person:read`, { scope: 'none' });
  await director.post('/v1/retention/policies/sessions.expired/run', {});
  const reviewIds = await rows.reviews(harness, director, directorMember);
  await director.put('/v1/retention/policies/webhook_inbox.payload/days', { days: 20 });
  await harness.settled();
  const directory = await rows.provisioned(
    harness,
    director,
    (await created('/v1/sso/connections', { name: `${mark} directory`, metadata, defaultRole: roles.subject })).id,
    mark,
  );
  await rows.fillTheRest(harness, org, { connection, membership: bare.membershipId, mark });
  await rows.testedConnection(harness, org, { connection, by: directorMember.membershipId, mark });
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
    heir: traveller.membershipId,
    ...reviewIds,
    ...directory.ids,
  };
  return {
    ids: { ...ids, ...(await fillCollections(director, { ...source, ids })) },
    pages: await members.withPages(harness, org, roles.helper),
    roles,
    mark,
    director,
    directorMember,
    keeper,
    powerless: await harness.signIn(bare.email),
    deputy,
    traveller,
    signIn: ({ email }) => harness.signIn(email),
    throughProvider: () => members.throughProvider(harness, deputy, oidcConnection),
    webhookSecret: webhooks.secret,
    metadata,
    directoryToken: directory.token,
    verification: await members.verification(harness, director, directorMember),
    invitedTo: await members.invitation(harness, directorMember),
  };
}
