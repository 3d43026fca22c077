import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RetentionRunner, RetentionService } from '../../src/modules/retention/index.js';
import { declared } from '../../src/platform/feature/registry.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';

const POLICY = 'sessions.expired';
const daysOf = (name: string) => `/v1/retention/policies/${name}/days`;

let harness: Harness;
let orgId: string;
let director: Client;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  orgId = await harness.make.organization('gme');
  director = await harness.signIn((await harness.make.member(orgId, 'program_director')).email);
});
afterAll(() => harness.stop());

const statusAndCode = ({ status, body }: Answer) => [status, body.code];
const policy = async (client: Client, name = POLICY) =>
  (await client.get('/v1/retention/policies')).body.items.find((item: { name: string }) => item.name === name);

/** Creates a session that ended this number of days ago. */
async function endedSession(org: string, days: number): Promise<void> {
  const { membershipId, userId } = await harness.make.member(org, 'mentor');
  await harness.database.superuser(
    `INSERT INTO sessions (org_id, id, membership_id, user_id, secret_hash, method, expires_at)
     VALUES ($1, gen_random_uuid(), $2, $3, sha256(random()::text::bytea), 'password',
       now() - make_interval(days => $4))`,
    [org, membershipId, userId, days],
  );
}

describe("an organization's own retention period", () => {
  it('applies to the list, the preview, and the run of this organization only, until it is reset', async () => {
    const other = await harness.make.organization('gme');
    await Promise.all([endedSession(orgId, 5), endedSession(orgId, 20), endedSession(other, 5)]);
    const due = async (org: string) =>
      (await harness.operator.within(org, () => harness.operator.app.get(RetentionService).preview(POLICY))).due;
    expect([await due(orgId), await due(other)]).toEqual([2, 1]);
    expect((await director.put(daysOf(POLICY), { days: 10 })).body).toMatchObject({
      name: POLICY,
      days: 10,
      declaredDays: 1,
    });
    expect(await policy(director)).toMatchObject({ days: 10, declaredDays: 1 });
    expect([await due(orgId), await due(other)]).toEqual([1, 1]);
    const runId = await harness.operator.within(orgId, () =>
      harness.operator.app.get(RetentionService).request(POLICY),
    );
    expect(await harness.operator.as(orgId, () => harness.operator.app.get(RetentionRunner).execute(runId))).toEqual({
      removed: 1,
    });
    expect((await director.delete(daysOf(POLICY))).status).toBe(204);
    expect([await due(orgId), (await policy(director)).days]).toEqual([1, 1]);
    expect(statusAndCode(await director.delete(daysOf(POLICY)))).toEqual([404, 'not_found']);
    const events = await harness.database.superuser(
      `SELECT type, meta FROM audit_events WHERE org_id = $1 AND type LIKE 'retention.days%' ORDER BY occurred_at, id`,
      [orgId],
    );
    expect(events).toEqual([
      { type: 'retention.days_set', meta: { policy: POLICY, days: 10 } },
      { type: 'retention.days_reset', meta: { policy: POLICY } },
    ]);
  });

  it('stops a run that was planned with a shorter period', async () => {
    await endedSession(orgId, 5);
    const runId = await harness.operator.within(orgId, () =>
      harness.operator.app.get(RetentionService).request(POLICY),
    );
    await director.put(daysOf(POLICY), { days: 30 });
    await expect(
      harness.operator.as(orgId, () => harness.operator.app.get(RetentionRunner).execute(runId)),
    ).rejects.toThrow('retention_floor');
    await director.delete(daysOf(POLICY));
  });

  it.each(
    [...declared('retention')]
      .filter(([, { floorDays }]) => floorDays > 0)
      .map(([name, { floorDays }]) => [name, floorDays] as const),
  )('of %s cannot be below its minimum of %d days', async (name, floorDays) => {
    expect(statusAndCode(await director.put(daysOf(name), { days: floorDays - 1 }))).toEqual([
      409,
      'retention_below_floor',
    ]);
    expect((await director.put(daysOf(name), { days: floorDays })).status).toBe(200);
    expect((await director.delete(daysOf(name))).status).toBe(204);
  });

  it('requires the permission, a recent sign-in, and an existing policy', async () => {
    const mentor = await harness.signIn((await harness.make.member(orgId, 'mentor')).email);
    expect(statusAndCode(await mentor.put(daysOf(POLICY), { days: 10 }))).toEqual([403, 'forbidden']);
    expect(statusAndCode(await director.put(daysOf('no.such'), { days: 10 }))).toEqual([
      404,
      'retention_policy_not_found',
    ]);
    for (const days of [-1, 1.5, 36_501, '10', null])
      expect([days, (await director.put(daysOf(POLICY), { days })).status]).toEqual([days, 400]);
    harness.advance(16 * 60);
    expect(statusAndCode(await director.put(daysOf(POLICY), { days: 10 }))).toEqual([403, 'step_up_required']);
    expect(statusAndCode(await director.delete(daysOf(POLICY)))).toEqual([403, 'step_up_required']);
    harness.advance(-16 * 60);
  });

  it('cannot be below the minimums in the database, which for the audit log are always seven years', async () => {
    await harness.database.superuser(`INSERT INTO app_private.retention_floors VALUES ('audit.old', 0)`);
    const floors = [...declared('retention')].map(([name, { table, floorDays }]) => ({
      policy: name,
      about: table,
      days: floorDays,
    }));
    await harness.database.superuser('SELECT app_private.sync_retention_floors($1)', [
      JSON.stringify([...floors, { policy: 'audit.old', about: 'audit_events', days: 30 }]),
    ]);
    const raw = await RawSql.open(harness.env.DATABASE_URL!);
    await raw.enter(sessionSecret(director));
    const insert = (name: string, days: number) =>
      raw.attempt('INSERT INTO retention_overrides (org_id, policy, days) VALUES ($1, $2, $3)', [orgId, name, days]);
    expect((await insert('audit.old', 2_556)).code).toBe('VS409');
    expect((await insert('audit.old', 2_557)).code).toBe(null);
    expect((await raw.attempt(`UPDATE retention_overrides SET days = 1 WHERE policy = 'audit.old'`)).code).toBe(
      'VS409',
    );
    expect((await insert('retention_runs.old', 2_556)).code).toBe('VS409');
    expect((await insert('no.such', 9_999)).code).toBe('VS409');
    await raw.rollback();
    await raw.end();
  });
});
