import { signature } from '../../src/modules/webhooks/standard-webhooks.js';
import { secretKey } from '../../src/modules/webhooks/webhook-secret.js';
import { newId } from '../../src/platform/clock/id.js';
import { DataKeys } from '../../src/platform/keys/data-keys.js';
import { declared } from '../../src/platform/feature/registry.js';
import type { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { exported } from '../harness/exports.js';
import { CodeApp, enrollPasskey, enrollTotp } from '../harness/factors.js';
import type { Member } from '../harness/factories.js';
import { inviteToken, mailedToken } from '../harness/mail.js';
import { newSigningKey } from '../harness/saml-idp.js';
import { until } from '../harness/until.js';

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
  await together(harness, [org, sister]);
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
  const session = await anotherSession(harness, directorMember);
  await takeAway(harness, org, bare.membershipId);
  const created = async (path: string, body: object) => {
    const { status, body: answer, text } = await director.post(path, body);
    if (status !== 201) throw new Error(`POST ${path}: ${status} ${text}`);
    return answer as { id: string; secret: string };
  };
  const source = await created('/v1/webhook-sources', { name: mark, scheme: 'standard' });
  const { id: connection } = await created('/v1/sso/connections', { name: mark, metadata, defaultRole: roles.subject });
  const { id: publishedConnection } = await created('/v1/sso/connections', {
    name: mark,
    metadata,
    defaultRole: roles.subject,
  });
  await harness.database.superuser(
    `UPDATE sso_connections SET metadata_url = 'http://127.0.0.1:1/metadata' WHERE id = $1`,
    [publishedConnection],
  );
  const { id: domain } = await created('/v1/sso/domains', { domain: `${mark}.test.example` });
  const { id: oidcConnection } = await created('/v1/sso/connections', {
    name: mark,
    protocol: 'oidc',
    issuer: 'http://127.0.0.1:9',
    clientId: mark,
    defaultRole: roles.subject,
  });
  const { id: invite } = await created('/v1/invites', {
    email: `invited-${mark}@test.example`,
    name: mark,
    role: roles.subject,
  });
  const { passkey, device, ...keeper } = await withFactors(harness, org, roles.helper);
  const delivery = await deadDelivery(harness, org, source);
  const { id: exportId } = await exported(director, { kind: 'person_pdf', personId: person });
  const role = `r${mark.toLowerCase().replaceAll(/[^a-z]/g, '')}${'abcdefgh'[Number.parseInt(mark.slice(-1), 16) % 8]}`;
  await created('/v1/roles', { key: role, name: mark });
  const { id: apiKey } = await created('/v1/api-keys', { name: mark, permissions: ['person:read'], expiresInDays: 30 });
  const [accessGrant, declinable] = await Promise.all(
    [1, 2].map(async () => (await askedFor(harness, mentor, person)).id),
  );
  await director.patch(`/v1/people/${person}`, { title: `Now ${mark}` });
  await director.put(`/v1/roles/${roles.subject}/permissions/person:read`, { scope: 'none' });
  await director.post('/v1/retention/policies/sessions.expired/run', {});
  const reviewIds = await reviews(harness, director, directorMember);
  await director.put('/v1/retention/policies/webhook_inbox.payload/days', { days: 20 });
  await harness.settled();
  const directory = await provisioned(
    harness,
    director,
    (await created('/v1/sso/connections', { name: `${mark} directory`, metadata, defaultRole: roles.subject })).id,
    mark,
  );
  await fillTheRest(harness, org, { connection, membership: bare.membershipId, mark });
  await triedConnection(harness, org, { connection, by: directorMember.membershipId, mark });
  return {
    ids: {
      org,
      person,
      membership: mentor.membershipId,
      user: mentor.userId,
      assignment,
      session,
      source: source.id,
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
    },
    pages: await withPages(harness, org, roles.helper),
    roles,
    mark,
    director,
    directorMember,
    keeper,
    powerless: await harness.signIn(bare.email),
    deputy,
    traveller,
    signIn: ({ email }) => harness.signIn(email),
    throughProvider: () => throughProvider(harness, deputy, oidcConnection),
    webhookSecret: source.secret,
    metadata,
    directoryToken: directory.token,
    verification: await verification(harness, director, directorMember),
    invitedTo: await invitation(harness, directorMember),
  };
}

/** Members for what pages change: one whose address is to be confirmed, and one who has begun to enrol codes. */
async function withPages(harness: Harness, org: string, role: string): Promise<Tenant['pages']> {
  const [{ email }, other] = [await harness.make.member(org, role), await harness.make.member(org, role)];
  const [client, confirming] = [await harness.signIn(email), await harness.signIn(other.email)];
  await client.post('/v1/auth/email/verify/request');
  const token = await mailedToken(harness, email);
  return {
    client,
    token,
    confirming,
    app: new CodeApp((await confirming.post('/v1/auth/totp/enroll')).body.secret as string),
  };
}

async function verification(harness: Harness, director: Client, { email }: Member): Promise<string> {
  await director.post('/v1/auth/email/verify/request');
  return mailedToken(harness, email);
}

/** A member who has codes, a passkey and a device that is remembered; and one who has begun to enrol codes. */
async function withFactors(
  harness: Harness,
  org: string,
  role: string,
): Promise<Tenant['keeper'] & { passkey: string; device: string }> {
  const [{ email }, other] = [await harness.make.member(org, role), await harness.make.member(org, role)];
  const client = await harness.signIn(email);
  const { id: passkey } = await enrollPasskey(harness, client);
  const { app: own } = await enrollTotp(client);
  await harness.database.superuser('UPDATE organizations SET remember_device_days = 7 WHERE id = $1', [org]);
  const { status, text } = await harness
    .client()
    .post('/v1/auth/login', { email, password: 'Synthetic-Test-1', totp: own.fresh(), rememberDevice: true });
  if (status !== 200) throw new Error(`the second factor was refused: ${text}`);
  const device = (await client.get('/v1/auth/devices')).body.items[0].id as string;
  const confirming = await harness.signIn(other.email);
  return {
    client,
    confirming,
    app: new CodeApp((await confirming.post('/v1/auth/totp/enroll')).body.secret as string),
    passkey,
    device,
  };
}

/** An invite of another organization to somebody who has an account. */
async function invitation(harness: Harness, { email }: Member): Promise<Tenant['invitedTo']> {
  const org = await harness.make.organization('gme');
  const inviter = await harness.signIn((await harness.make.member(org, 'program_director')).email);
  const { status, text } = await inviter.post('/v1/invites', { email, name: 'Synthetic Guest', role: 'mentor' });
  if (status !== 201) throw new Error(`the invite was refused: ${text}`);
  return { org, token: await inviteToken(harness, email) };
}

/** Puts organizations into one institution, and lets it see their numbers. */
async function together(harness: Harness, orgs: string[]): Promise<void> {
  await harness.database.superuser(
    `WITH made AS (INSERT INTO institutions (id, name) VALUES (gen_random_uuid(), 'Synthetic Institution') RETURNING id)
     UPDATE organizations SET institution_id = made.id, institution_reporting = true FROM made WHERE organizations.id = ANY ($1::uuid[])`,
    [orgs],
  );
}

/** What a directory has said: a member, and a group with that member in it. */
async function provisioned(
  harness: Harness,
  director: Client,
  connection: string,
  mark: string,
): Promise<{ token: string; ids: Pick<Ids, 'directory' | 'scimToken' | 'scimUser' | 'scimGroup'> }> {
  const {
    status,
    body: { id: scimToken, token },
    text,
  } = await director.post(`/v1/sso/connections/${connection}/scim-tokens`, { expiresInDays: 30 });
  if (status !== 201) throw new Error(`making a token for a directory: ${status} ${text}`);
  const say = async (path: string, body: object) => {
    const answer = await harness
      .client()
      .post(`/scim/v2/${path}`, body, { headers: { authorization: `Bearer ${token}` } });
    if (answer.status !== 201) throw new Error(`POST /scim/v2/${path}: ${answer.status} ${answer.text}`);
    return answer.body.id as string;
  };
  const scimUser = await say('Users', { userName: `user-${mark}@test.example`, externalId: mark, displayName: mark });
  return {
    token,
    ids: {
      directory: connection,
      scimToken,
      scimUser,
      scimGroup: await say('Groups', { displayName: mark, members: [{ value: scimUser }] }),
    },
  };
}

/** A request for permissions that somebody else may decide on. */
async function askedFor(harness: Harness, { email }: Member, personId: string): Promise<{ id: string }> {
  const asking = await harness.signIn(email);
  const { status, body, text } = await asking.post('/v1/access/grants', {
    personId,
    grants: [{ permission: 'person:update', scope: 'assigned' }],
    reason: 'Synthetic reason of a test',
    minutes: 30,
  });
  if (status !== 201) throw new Error(`asking for access: ${status} ${text}`);
  return body as { id: string };
}

/** A review of access that goes on, and one in which all is decided. */
async function reviews(
  harness: Harness,
  director: Client,
  { membershipId }: Member,
): Promise<Pick<Ids, 'accessReview' | 'accessReviewItem' | 'decidedReview'>> {
  const [accessReview, decidedReview] = [
    (await director.post('/v1/access/reviews')).body.id as string,
    (await director.post('/v1/access/reviews')).body.id as string,
  ];
  await harness.database.superuser(
    `UPDATE access_review_items SET decision = 'confirm', decided_by = $2, decided_at = now() WHERE review_id = $1`,
    [decidedReview, membershipId],
  );
  const { body } = await director.get<{ items: { id: string; kind: string }[] }>(
    `/v1/access/reviews/${accessReview}/items?limit=200`,
  );
  return { accessReview, accessReviewItem: body.items.find(({ kind }) => kind === 'role')!.id, decidedReview };
}

async function anotherSession(harness: Harness, { email }: Member): Promise<string> {
  const client = await harness.signIn(email);
  return (await client.get('/v1/auth/me')).body.session.id as string;
}

/** A session as a sign-in through a connection opens it. */
async function throughProvider(harness: Harness, { email }: Member, connection: string): Promise<Client> {
  const client = await harness.signIn(email);
  const { session } = (await client.get<{ session: { id: string } }>('/v1/auth/me')).body;
  await harness.database.superuser('UPDATE sessions SET connection_id = $2 WHERE id = $1', [session.id, connection]);
  return client;
}

async function takeAway(harness: Harness, org: string, membership: string): Promise<void> {
  await harness.database.superuser(
    `INSERT INTO member_overrides (org_id, membership_id, permission, scope) SELECT $1, $2, p, 'none' FROM unnest($3::text[]) p`,
    [org, membership, [...declared('permissions').keys()]],
  );
}

/** A delivery whose job failed for good: the one kind that can be replayed. */
async function deadDelivery(harness: Harness, org: string, source: { id: string; secret: string }): Promise<string> {
  const raw = Buffer.from(
    JSON.stringify({
      type: 'person.upserted',
      timestamp: '2026-01-15T09:30:00Z',
      data: { externalId: newId(), kind: 'nonsense' },
    }),
  );
  const message = { id: `msg_${newId()}`, timestamp: String(Math.floor(Date.now() / 1_000)) };
  const { status, text, body } = await harness.client().post(`/v1/webhooks/${source.id}`, undefined, {
    raw,
    headers: {
      'content-type': 'application/json',
      'webhook-id': message.id,
      'webhook-timestamp': message.timestamp,
      'webhook-signature': signature(secretKey(source.secret), message, raw),
    },
  });
  if (status !== 202) throw new Error(`the delivery was not accepted: ${status} ${text}`);
  const { id: deliveryId } = body as { id: string };
  await until(
    'the delivery is dead',
    async () =>
      (
        await harness.database.superuser(
          `SELECT 1 FROM webhook_inbox i JOIN outbox o ON o.org_id = i.org_id AND o.id = i.outbox_id WHERE i.org_id = $1 AND i.id = $2 AND o.state = 'dead'`,
          [org, deliveryId],
        )
      ).length > 0,
  );
  return deliveryId;
}

/** Rows that only an identity provider or the calendar would bring. */
async function fillTheRest(
  harness: Harness,
  org: string,
  { connection, membership, mark }: { connection: string; membership: string; mark: string },
): Promise<void> {
  const { superuser } = harness.database;
  await superuser(
    `INSERT INTO sign_in_failures (org_id, address_mark, account_mark) VALUES ($1, sha256($2), sha256($2))`,
    [org, Buffer.from(mark)],
  );
  await superuser(
    'INSERT INTO sso_identities (org_id, connection_id, subject_key, membership_id) VALUES ($1, $2, $3, $4)',
    [org, connection, mark, membership],
  );
  await superuser(
    `INSERT INTO job_runs (org_id, schedule, period, outbox_id) SELECT $1, $2, now(), id FROM outbox WHERE org_id = $1 LIMIT 1`,
    [org, mark],
  );
}

/** An answer of an identity provider to somebody who tried the connection. */
async function triedConnection(
  harness: Harness,
  org: string,
  { connection, by, mark }: { connection: string; by: string; mark: string },
): Promise<void> {
  const id = newId();
  const result = {
    email: `${mark}@test.example`,
    name: mark,
    groups: [mark],
    attributes: [{ name: 'mail', values: [`${mark}@test.example`] }],
    role: null,
    rule: null,
  };
  const sealed = await harness.operator.within(org, async () =>
    (await harness.operator.app.get(DataKeys).ofOrganization())
      .forRow('sso_attempts', id)
      .seal('result_enc', JSON.stringify(result)),
  );
  await harness.database.superuser(
    `INSERT INTO sso_attempts (org_id, id, connection_id, accepted, reason, request_id, evidence, test_by, result_enc) VALUES ($1, $2, $3, false, 'role_missing', $4, $4, $5, $6)`,
    [org, id, connection, mark, by, sealed],
  );
}

/**
 * A digest of all that a tenant has, table by table: any change to it is seen. Time stamps that reading moves are left
 * out.
 */
export async function fingerprint(
  harness: Harness,
  org: string,
  tables: readonly string[],
): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const table of tables) {
    const column = table === 'organizations' ? 'id' : 'org_id';
    const [row] = await harness.database.superuser<{ digest: string | null; count: string }>(
      `SELECT count(*), md5(string_agg(line, '|' ORDER BY line)) AS digest
         FROM (SELECT (to_jsonb(t) - 'last_seen_at')::text AS line FROM ${table} t WHERE ${column} = $1) AS lines`,
      [org],
    );
    digests[table] = `${row!.count} ${row!.digest}`;
  }
  return digests;
}
