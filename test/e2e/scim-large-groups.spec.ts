import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ScimJobs } from '../../src/modules/auth/scim/scim.jobs.js';
import { newId } from '../../src/platform/clock/id.js';
import { JobRunner } from '../../src/platform/jobs/job-runner.js';
import { OutboxRelay } from '../../src/platform/jobs/outbox-relay.js';
import { Harness } from '../harness/app.js';
import { makeOrganization, provisionMany } from '../harness/directory.js';

const MANY = 250;

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
});
afterAll(() => harness.stop());

type Scene = Awaited<ReturnType<typeof makeScene>>;

/** An organization with a group of many members, which is mapped to a role. */
async function makeScene(role: 'mentor' | 'program_director' = 'mentor') {
  const organization = await makeOrganization(harness);
  const { org, connectionId, directory } = organization;
  const group = await directory.create(
    'Groups',
    role === 'mentor' ? { displayName: 'Large', externalId: 'ext-mentors' } : { displayName: 'Directors' },
  );
  const members = await provisionMany(harness, { org, connectionId, group, role, many: MANY });
  await harness.database.superuser(
    `INSERT INTO sessions (org_id, id, membership_id, user_id, secret_hash, method, expires_at)
     SELECT org_id, gen_random_uuid(), id, user_id, uuid_send(id), 'saml', now() + interval '1 hour'
       FROM memberships WHERE org_id = $1 AND id = ANY ($2::uuid[])`,
    [org, members],
  );
  return { ...organization, group, members };
}

/** Renames the group, so that it is not mapped any more. */
const rename = ({ directory, group }: Scene) =>
  directory.patch(`Groups/${group}`, [{ op: 'replace', value: { displayName: 'Renamed', externalId: 'ext-renamed' } }]);

/** Returns the number of the group's members by role and status. */
async function counts({ org, members }: Scene): Promise<Record<string, number>> {
  const rows = await harness.database.superuser<{ kind: string; n: number }>(
    `SELECT role || ' ' || status AS kind, count(*)::integer AS n FROM memberships
      WHERE org_id = $1 AND id = ANY ($2::uuid[]) GROUP BY 1 ORDER BY 1`,
    [org, members],
  );
  return Object.fromEntries(rows.map(({ kind, n }) => [kind, n]));
}

const openSessions = async ({ org, members }: Scene) =>
  (
    await harness.database.superuser(
      `SELECT 1 FROM sessions WHERE org_id = $1 AND membership_id = ANY ($2::uuid[]) AND revoked_at IS NULL`,
      [org, members],
    )
  ).length;

const events = async ({ org }: Scene, type: string) =>
  harness.database.superuser<{ actor_id: string; target_id: string }>(
    'SELECT actor_id, target_id FROM audit_events WHERE org_id = $1 AND type = $2',
    [org, type],
  );

/** Runs one job, as the worker does. */
const settleBatch = ({ org, connectionId }: Scene) =>
  harness.operator.within(org, () => harness.worker.get(ScimJobs, { strict: false }).settle({ connectionId }));

describe('a rename of a mapped group with many members', () => {
  it('ends their sessions at once and changes the roles in jobs; each job leaves room for others', async () => {
    const scene = await makeScene();
    const { status, body } = await rename(scene);
    expect([status, body.displayName, body.members.length]).toEqual([200, 'Renamed', MANY]);
    expect(await openSessions(scene)).toBe(0);
    expect(await counts(scene)).toEqual({ 'mentor active': MANY });
    expect(await settleBatch(scene)).toEqual({ changed: 100 });
    expect(await counts(scene)).toEqual({ 'mentor active': 150, 'trainee active': 100 });
    expect([await settleBatch(scene), await settleBatch(scene), await settleBatch(scene)]).toEqual([
      { changed: 100 },
      { changed: 50 },
      { changed: 0 },
    ]);
    expect(await counts(scene)).toEqual({ 'trainee active': MANY });
    const changes = await events(scene, 'scim.role_changed');
    expect(new Set(changes.map(({ target_id: id }) => id))).toEqual(new Set(scene.members));
    expect(new Set(changes.map(({ actor_id: id }) => id))).toEqual(new Set([scene.connectionId]));
  });

  it('does not delay a deactivation, which ends the membership before the roles are changed', async () => {
    const scene = await makeScene();
    await rename(scene);
    const leaver = scene.members.toSorted().at(-1)!;
    const { status } = await scene.directory.patch(`Users/${leaver}`, [{ op: 'replace', value: { active: false } }]);
    expect(status).toBe(200);
    expect(await counts(scene)).toEqual({ 'mentor active': MANY - 1, 'mentor ended': 1 });
    for (let i = 0; i < 3; i += 1) await settleBatch(scene);
    expect(await counts(scene)).toEqual({ 'trainee active': MANY - 1, 'mentor ended': 1 });
  });
});

describe('members of a large group', () => {
  it('who lose their last mapped group leave at once, also if they are many', async () => {
    const scene = await makeScene();
    await harness.database.superuser('UPDATE sso_connections SET default_role = NULL WHERE id = $1', [
      scene.connectionId,
    ]);
    expect((await rename(scene)).status).toBe(200);
    expect([await counts(scene), await openSessions(scene)]).toEqual([{ 'mentor ended': MANY }, 0]);
    expect(await events(scene, 'scim.user_deactivated')).toHaveLength(MANY);
  });

  it('who can manage members lose the role at once, and the last owner is kept', async () => {
    const scene = await makeScene('program_director');
    await harness.database.superuser(
      `UPDATE memberships SET status = 'ended', ended_at = now() WHERE org_id = $1 AND id <> ALL ($2::uuid[])`,
      [scene.org, scene.members],
    );
    expect((await rename(scene)).status).toBe(409);
    expect(await counts(scene)).toEqual({ 'program_director active': MANY });
    await harness.make.member(scene.org, 'program_director');
    expect((await rename(scene)).status).toBe(200);
    expect(await counts(scene)).toEqual({ 'trainee active': MANY });
  });
});

describe('a member who becomes the last owner before the job runs', () => {
  it('keeps the role, and the job changes the others', async () => {
    const scene = await makeScene();
    await rename(scene);
    const [owner] = scene.members;
    await harness.database.superuser(`UPDATE memberships SET role = 'program_director' WHERE id = $1`, [owner]);
    await harness.database.superuser(
      `UPDATE memberships SET status = 'ended', ended_at = now() WHERE org_id = $1 AND id <> ALL ($2::uuid[])`,
      [scene.org, scene.members],
    );
    let changed = 0;
    for (let i = 0; i < 3; i += 1) changed += Number((await settleBatch(scene)).changed);
    expect(changed).toBe(MANY - 1);
    expect(await counts(scene)).toEqual({ 'program_director active': 1, 'trainee active': MANY - 1 });
  });
});

describe('a request that lists many members', () => {
  it.each([
    ['PUT', 'Groups/:id', (members: object[]) => ({ displayName: 'Large', members })],
    [
      'PATCH',
      'Groups/:id',
      (members: object[]) => ({
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'add', path: 'members', value: members }],
      }),
    ],
  ])('by %s may list 5,000; the answer to more names the limit', async (method, path, bodyOf) => {
    const { directory } = await makeOrganization(harness);
    const group = await directory.create('Groups', { displayName: 'Large' });
    const send = (many: number) =>
      directory.send(
        method,
        path.replace(':id', group),
        bodyOf(Array.from({ length: many }, () => ({ value: newId() }))),
      );
    expect((await send(5_000)).body.detail).toMatch(/not a user of this directory/);
    expect(await send(5_001)).toMatchObject({
      status: 400,
      body: { scimType: 'invalidValue', detail: expect.stringContaining('at most 5000 members') },
    });
  });
});

describe('the worker', () => {
  it('completes the change, also if the group is mapped again before it has begun', async () => {
    const [renamed, restored] = [await makeScene(), await makeScene()];
    await rename(renamed);
    await rename(restored);
    await restored.directory.patch(`Groups/${restored.group}`, [
      { op: 'replace', value: { externalId: 'ext-mentors' } },
    ]);
    harness.worker.get(JobRunner).start();
    harness.worker.get(OutboxRelay).start();
    await harness.settled();
    expect([await counts(renamed), await counts(restored)]).toEqual([
      { 'trainee active': MANY },
      { 'mentor active': MANY },
    ]);
    const unsettled = 'SELECT FROM scim_users WHERE unsettled AND org_id = ANY ($1::uuid[])';
    expect(await harness.database.superuser(unsettled, [[renamed.org, restored.org]])).toEqual([]);
  });
});
