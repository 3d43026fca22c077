import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RetentionRunner, RetentionService } from '../../src/modules/retention/index.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import type { Member } from '../harness/factories.js';
import { walk } from '../harness/walk.js';

interface Item {
  id: string;
  kind: string;
  membershipId: string | null;
  role: string | null;
  permission: string | null;
  decision: string | null;
}

let harness: Harness;
let orgId: string;
let director: Client;
let directorMember: Member;
let second: Client;
let secondMember: Member;
let mentor: Member;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
});
afterAll(() => harness.stop());

beforeEach(async () => {
  orgId = await harness.make.organization('gme');
  directorMember = await harness.make.member(orgId, 'program_director');
  secondMember = await harness.make.member(orgId, 'program_director');
  mentor = await harness.make.member(orgId, 'mentor');
  [director, second] = [await harness.signIn(directorMember.email), await harness.signIn(secondMember.email)];
  await director.post('/v1/roles', { key: 'coordinator', name: 'Coordinator', copyOf: 'mentor' });
  await director.put('/v1/roles/mentor/permissions/audit:read', { scope: 'org' });
  await director.put(`/v1/memberships/${mentor.membershipId}/permissions/person:update`, { scope: 'assigned' });
});

async function startReview(): Promise<{ id: string; items: Item[] }> {
  const {
    body: { id },
  } = await director.post('/v1/access/reviews');
  return { id, items: await itemsOf(id) };
}

const itemsOf = (id: string) => walk<Item>(director, `/v1/access/reviews/${id}/items?limit=3`);
const pick = (items: readonly Item[], wanted: Partial<Item>) =>
  items.find((item) => Object.entries(wanted).every(([key, value]) => item[key as keyof Item] === value))!;
const decide = (client: Client, review: string, { id }: Item, decision: string, note?: string) =>
  client.post(`/v1/access/reviews/${review}/items/${id}`, { decision, note });

describe('a review', () => {
  it('contains a snapshot of every membership, override, and custom role at its start', async () => {
    const { id, items } = await startReview();
    expect(
      items
        .filter(({ kind }) => kind === 'membership')
        .map(({ membershipId }) => membershipId!)
        .toSorted(),
    ).toEqual([directorMember, secondMember, mentor].map(({ membershipId }) => membershipId).toSorted());
    expect(pick(items, { membershipId: mentor.membershipId, kind: 'membership' })).toMatchObject({
      role: 'mentor',
      email: mentor.email,
      snapshot: {
        kind: 'member',
        lastUsedAt: null,
        overrides: [{ permission: 'person:update', scope: 'assigned' }],
        accessGrants: [],
        grants: expect.arrayContaining([{ permission: 'audit:read', scope: 'org' }]),
      },
    });
    expect(pick(items, { membershipId: directorMember.membershipId })).toMatchObject({
      snapshot: { lastUsedAt: expect.any(String) },
    });
    expect(pick(items, { kind: 'member-override' })).toMatchObject({
      membershipId: mentor.membershipId,
      permission: 'person:update',
      snapshot: { scope: 'assigned' },
    });
    expect(pick(items, { kind: 'role' })).toMatchObject({
      role: 'coordinator',
      snapshot: { name: 'Coordinator', members: 0 },
    });
    expect(pick(items, { kind: 'role-override', role: 'mentor' })).toMatchObject({
      permission: 'audit:read',
      snapshot: { scope: 'org', members: 1 },
    });
    await director.put('/v1/roles/mentor/permissions/audit:read', { scope: 'none' });
    expect(pick(await itemsOf(id), { kind: 'role-override', role: 'mentor' })).toMatchObject({
      snapshot: { scope: 'org' },
    });
    expect((await director.get('/v1/access/reviews')).body.items).toMatchObject([
      { id, items: items.length, open: items.length, startedBy: directorMember.membershipId },
    ]);
  });

  it('removes revoked access immediately and keeps confirmed access', async () => {
    const client = await harness.signIn(mentor.email);
    const { id, items } = await startReview();
    expect((await client.get('/v1/audit')).status).toBe(200);
    expect(
      (await decide(director, id, pick(items, { kind: 'role-override', role: 'mentor' }), 'revoke', 'no longer needed'))
        .body,
    ).toMatchObject({ decision: 'revoke', decidedBy: directorMember.membershipId, note: 'no longer needed' });
    expect((await client.get('/v1/audit')).status).toBe(403);
    await decide(director, id, pick(items, { kind: 'member-override' }), 'revoke');
    expect(
      (await client.get('/v1/auth/me')).body.grants.map(({ permission }: { permission: string }) => permission),
    ).not.toContain('person:update');
    await decide(director, id, pick(items, { kind: 'role' }), 'revoke');
    expect((await director.get('/v1/roles')).body.items.map(({ key }: { key: string }) => key)).not.toContain(
      'coordinator',
    );
    await decide(director, id, pick(items, { kind: 'membership', membershipId: secondMember.membershipId }), 'confirm');
    expect((await second.get('/v1/auth/me')).status).toBe(200);
    await decide(director, id, pick(items, { kind: 'membership', membershipId: mentor.membershipId }), 'revoke');
    expect((await client.get('/v1/auth/me')).status).toBe(401);
    const { body } = await director.get('/v1/audit?type=access_review.revoked');
    expect(body.items.map(({ meta }: { meta: { kind: string } }) => meta.kind)).toEqual([
      'membership',
      'role',
      'member-override',
      'role-override',
    ]);
    expect((await director.get('/v1/audit?type=membership.ended')).body.items).toMatchObject([
      { target: { id: mentor.membershipId } },
    ]);
  });

  it('accepts the revocation of access that was already removed', async () => {
    const { id, items } = await startReview();
    await director.delete(`/v1/memberships/${mentor.membershipId}/permissions/person:update`);
    await director.delete(`/v1/memberships/${mentor.membershipId}`);
    expect((await decide(director, id, pick(items, { kind: 'member-override' }), 'revoke')).status).toBe(200);
    expect(
      (await decide(director, id, pick(items, { kind: 'membership', membershipId: mentor.membershipId }), 'revoke'))
        .status,
    ).toBe(200);
  });

  it("rejects a decision about the reviewer's own membership, in raw SQL too", async () => {
    const { id, items } = await startReview();
    const ownItem = pick(items, { kind: 'membership', membershipId: directorMember.membershipId });
    expect((await decide(director, id, ownItem, 'confirm')).body.code).toBe('access_review_self_review');
    const raw = await RawSql.open(harness.env.DATABASE_URL!);
    await raw.enter(sessionSecret(director));
    const set = (values: string, item: Item) =>
      raw.attempt(`UPDATE access_review_items SET ${values} WHERE id = $1`, [item.id]);
    const confirmed = `decision = 'confirm', decided_at = now(), decided_by = `;
    expect((await set(`${confirmed} app.membership_id()`, ownItem)).rowCount).toBe(0);
    expect((await set(`${confirmed} '${secondMember.membershipId}'`, pick(items, { kind: 'role' }))).code).toBe(
      '42501',
    );
    expect(
      (await raw.attempt('UPDATE access_reviews SET completed_at = now(), completed_by = app.membership_id()')).code,
    ).toBe('23514');
    expect((await set(`snapshot = '{}'`, pick(items, { kind: 'role' }))).code).toBe('42501');
    expect((await set(`${confirmed} app.membership_id()`, pick(items, { kind: 'role' }))).rowCount).toBe(1);
    expect((await set(`${confirmed} app.membership_id()`, pick(items, { kind: 'role' }))).rowCount).toBe(0);
    await raw.rollback();
    await raw.end();
    expect((await decide(second, id, ownItem, 'confirm')).status).toBe(200);
  });

  it('cannot revoke more than the reviewer holds, nor the last owner', async () => {
    const trainee = await harness.make.member(orgId, 'trainee');
    const { id, items } = await startReview();
    await director.put(`/v1/memberships/${mentor.membershipId}/permissions/access-review:decide`, { scope: 'org' });
    const reviewer = await harness.signIn(mentor.email);
    const of = (member: Member) => pick(items, { kind: 'membership', membershipId: member.membershipId });
    expect((await decide(reviewer, id, of(secondMember), 'revoke')).body.code).toBe('insufficient_privileges_to_grant');
    // The reviewer holds every permission of a trainee but cannot end memberships.
    expect((await decide(reviewer, id, of(trainee), 'revoke')).body.code).toBe('insufficient_privileges_to_grant');
    await director.put(`/v1/memberships/${mentor.membershipId}/permissions/membership:end`, { scope: 'org' });
    expect((await decide(reviewer, id, of(secondMember), 'revoke')).body.code).toBe('insufficient_privileges_to_grant');
    expect(pick(await itemsOf(id), { id: of(secondMember).id }).decision).toBeNull();
    expect((await second.get('/v1/auth/me')).status).toBe(200);
    expect((await decide(reviewer, id, of(trainee), 'revoke')).status).toBe(200);

    await director.post('/v1/roles', { key: 'chief', name: 'Chief', copyOf: 'program_director' });
    const chief = await harness.signIn((await harness.make.member(orgId, 'chief')).email);
    expect((await chief.delete(`/v1/memberships/${secondMember.membershipId}`)).status).toBe(200);
    expect((await decide(chief, id, of(directorMember), 'revoke')).body.code).toBe('last_owner');
    expect((await chief.get(`/v1/access/reviews/${id}`)).body).toMatchObject({ revoked: 1 });
    expect((await director.get('/v1/auth/me')).status).toBe(200);
  });

  it('allows one decision for each item and completes when no item is open', async () => {
    const { id, items } = await startReview();
    const complete = (client = director) => client.post(`/v1/access/reviews/${id}/complete`);
    expect((await complete()).body.code).toBe('access_review_incomplete');
    const role = pick(items, { kind: 'role' });
    const both = await Promise.all([decide(director, id, role, 'confirm'), decide(second, id, role, 'revoke')]);
    expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(both.map(({ body }) => body.code)).toContain('access_review_item_already_decided');
    for (const item of items) {
      if (item.id === role.id) continue;
      expect(
        (await decide(item.membershipId === directorMember.membershipId ? second : director, id, item, 'confirm'))
          .status,
      ).toBe(200);
    }
    expect(await walk(director, `/v1/access/reviews/${id}/items?decision=open`)).toEqual([]);
    expect((await complete(second)).body).toMatchObject({
      completedBy: secondMember.membershipId,
      open: 0,
      items: items.length,
    });
    expect((await complete()).body.code).toBe('access_review_item_already_decided');
    expect((await director.get('/v1/audit?type=access_review.completed')).body.items).toMatchObject([
      { target: { type: 'access-review', id } },
    ]);
  });

  it('is kept for seven years and is then deleted with its items', async () => {
    const [old, recent] = [await startReview(), await startReview()];
    await harness.database.superuser(
      `UPDATE access_reviews SET created_at = now() - interval '8 years' WHERE id = $1`,
      [old.id],
    );
    const { operator } = harness;
    const runId = await operator.within(orgId, () => operator.app.get(RetentionService).request('access_reviews.old'));
    await expect(operator.as(orgId, () => operator.app.get(RetentionRunner).execute(runId))).resolves.toMatchObject({
      removed: 1,
    });
    expect((await director.get(`/v1/access/reviews/${old.id}`)).status).toBe(404);
    expect(
      await harness.database.superuser('SELECT 1 FROM access_review_items WHERE review_id = $1', [old.id]),
    ).toEqual([]);
    expect(await itemsOf(recent.id)).toHaveLength(recent.items.length);
  });
});
