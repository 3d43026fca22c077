import { signature } from '../../src/modules/webhooks/standard-webhooks.js';
import { secretKey } from '../../src/modules/webhooks/webhook-secret.js';
import { newId } from '../../src/platform/clock/id.js';
import { DataKeys } from '../../src/platform/keys/data-keys.js';
import type { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import type { Member } from '../harness/factories.js';
import { until } from '../harness/until.js';
import type { Ids } from './fixtures.js';

/** Adds the organizations to a new institution that may report on them. */
export async function joinInstitution(harness: Harness, orgs: string[]): Promise<void> {
  await harness.database.superuser(
    `WITH made AS (INSERT INTO institutions (id, name) VALUES (gen_random_uuid(), 'Synthetic Institution') RETURNING id)
     UPDATE organizations SET institution_id = made.id, institution_reporting = true FROM made
     WHERE organizations.id = ANY ($1::uuid[])`,
    [orgs],
  );
}

/** Provisions a member and a group with that member through SCIM. */
export async function provisionByScim(
  harness: Harness,
  director: Client,
  connection: string,
  label: string,
): Promise<{ token: string; ids: Pick<Ids, 'directory' | 'scimToken' | 'scimUser' | 'scimGroup'> }> {
  const {
    status,
    body: { id: scimToken, token },
    text,
  } = await director.post(`/v1/sso/connections/${connection}/scim-tokens`, { expiresInDays: 30 });
  if (status !== 201) throw new Error(`the SCIM token was not created: ${status} ${text}`);
  const provision = async (path: string, body: object) => {
    const answer = await harness
      .client()
      .post(`/scim/v2/${path}`, body, { headers: { authorization: `Bearer ${token}` } });
    if (answer.status !== 201) throw new Error(`POST /scim/v2/${path}: ${answer.status} ${answer.text}`);
    return answer.body.id as string;
  };
  const scimUser = await provision('Users', {
    userName: `user-${label}@test.example`,
    externalId: label,
    displayName: label,
  });
  return {
    token,
    ids: {
      directory: connection,
      scimToken,
      scimUser,
      scimGroup: await provision('Groups', { displayName: label, members: [{ value: scimUser }] }),
    },
  };
}

/** Requests an access grant that another member can decide on. */
export async function requestAccess(harness: Harness, { email }: Member, personId: string): Promise<{ id: string }> {
  const requester = await harness.signIn(email);
  const { status, body, text } = await requester.post('/v1/access/grants', {
    personId,
    grants: [{ permission: 'person:update', scope: 'assigned' }],
    reason: 'Synthetic reason of a test',
    minutes: 30,
  });
  if (status !== 201) throw new Error(`the access request failed: ${status} ${text}`);
  return body as { id: string };
}

/** Creates an open access review, and one with all items decided. */
export async function reviews(
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

/** Creates a delivery and marks its job as failed, because only such a delivery can be replayed. */
export async function failedDelivery(
  harness: Harness,
  org: string,
  source: { id: string; secret: string },
): Promise<string> {
  const externalId = newId();
  const raw = Buffer.from(
    JSON.stringify({
      type: 'person.upserted',
      timestamp: '2026-01-15T09:30:00Z',
      data: { externalId, kind: 'trainee', givenName: 'Synthetic', familyName: 'Partner' },
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
  const { superuser } = harness.database;
  await until(
    'the delivery is processed',
    async () =>
      (await superuser('SELECT 1 FROM webhook_inbox WHERE id = $1 AND processed_at IS NOT NULL', [deliveryId])).length >
      0,
  );
  await superuser(
    `WITH undone AS (UPDATE webhook_inbox SET processed_at = NULL WHERE org_id = $1 AND id = $2 RETURNING outbox_id)
     UPDATE outbox SET state = 'failed', error_code = 'internal' WHERE id = (SELECT outbox_id FROM undone)`,
    [org, deliveryId],
  );
  // Neither this delivery nor its replay leaves a person behind.
  await superuser('DELETE FROM people WHERE org_id = $1 AND external_id = $2', [org, externalId]);
  await superuser(`UPDATE webhook_order_marks SET event_at = 'infinity' WHERE org_id = $1`, [org]);
  return deliveryId;
}

/**
 * Inserts rows that only an identity provider or the passage of time creates. Returns the id of the identity.
 */
export async function insertRemaining(
  harness: Harness,
  org: string,
  { connection, moveTo, membership, label }: { connection: string; moveTo: string; membership: string; label: string },
): Promise<string> {
  const { superuser } = harness.database;
  await superuser(
    `INSERT INTO sign_in_failures (org_id, address_mark, account_mark) VALUES ($1, sha256($2), sha256($2))`,
    [org, Buffer.from(label)],
  );
  const [identity] = await superuser<{ id: string }>(
    `INSERT INTO sso_identities (org_id, connection_id, subject_key, membership_id, provider_name, provider_email)
       VALUES ($1, $2, $3, $4, $3, $3) RETURNING id`,
    [org, connection, label, membership],
  );
  await superuser(
    `INSERT INTO sso_moves (org_id, connection_id, membership_id, match_by, match_key, allow_lower_role, expires_at)
       VALUES ($1, $2, $3, 'subject', $4, false, now() + interval '30 days')`,
    [org, moveTo, membership, label],
  );
  await superuser(
    `INSERT INTO job_runs (org_id, schedule, period, outbox_id)
     SELECT $1, $2, now(), id FROM outbox WHERE org_id = $1 LIMIT 1`,
    [org, label],
  );
  return identity!.id;
}

/** Inserts the stored response of a connection test. */
export async function testedConnection(
  harness: Harness,
  org: string,
  { connection, by, label }: { connection: string; by: string; label: string },
): Promise<void> {
  const id = newId();
  const result = {
    email: `${label}@test.example`,
    name: label,
    groups: [label],
    attributes: [{ name: 'mail', values: [`${label}@test.example`] }],
    role: null,
    rule: null,
  };
  const sealed = await harness.operator.within(org, async () =>
    (await harness.operator.app.get(DataKeys).ofOrganization())
      .forRow('sso_attempts', id)
      .seal('result_enc', JSON.stringify(result)),
  );
  await harness.database.superuser(
    `INSERT INTO sso_attempts (org_id, id, connection_id, accepted, reason, request_id, diagnostics, test_by,
     result_enc) VALUES ($1, $2, $3, false, 'role_missing', $4, $4, $5, $6)`,
    [org, id, connection, label, by, sealed],
  );
}
