import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Clock } from '../../src/platform/clock/clock.js';
import { SYSTEM_ORG_ID } from '../../src/platform/clock/id.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { declared } from '../../src/platform/feature/registry.js';
import { Jobs } from '../../src/platform/jobs/jobs.js';
import { Scheduler } from '../../src/platform/jobs/scheduler.js';
import { Harness } from '../harness/app.js';

let harness: Harness;
let orgId: string;

beforeAll(async () => {
  harness = await Harness.start();
  orgId = await harness.make.organization('gme');
});
afterAll(() => harness.stop());

/** Creates a scheduler as another worker instance would have it. */
function instance(): Scheduler {
  const { worker } = harness;
  return new Scheduler(worker.get(Clock), worker.get(UnitOfWork), worker.get(Jobs));
}

const nightlyRuns = (org: string) =>
  harness.database.superuser<{ period: Date; status: string; counts: Record<string, number> }>(
    `SELECT period, status, counts FROM job_runs WHERE schedule = 'retention.nightly' AND org_id = $1 ORDER BY period`,
    [org],
  );
const policyRuns = (org: string) =>
  harness.database.superuser<{ policy: string }>(
    'SELECT policy FROM retention_runs WHERE org_id = $1 ORDER BY policy',
    [org],
  );

describe('nightly retention', () => {
  it('runs once for each organization, regardless of the number of workers', async () => {
    const workers = [instance(), instance(), instance(), instance()];
    await Promise.all(workers.map((worker) => worker.tick()));
    await Promise.all(workers.map((worker) => worker.tick()));
    await harness.settled();
    for (const org of [orgId, SYSTEM_ORG_ID]) {
      expect(await nightlyRuns(org)).toEqual([
        { period: expect.any(Date), status: 'succeeded', counts: { policies: declared('retention').size, due: 0 } },
      ]);
      expect((await policyRuns(org)).map(({ policy }) => policy)).toEqual([...declared('retention').keys()].toSorted());
    }
  });

  it('runs once for all missed nights, with everything that is due', async () => {
    const { membershipId, userId } = await harness.make.member(orgId, 'trainee');
    await harness.database.superuser(
      `INSERT INTO sessions (org_id, id, membership_id, user_id, secret_hash, method, expires_at)
       SELECT $1, gen_random_uuid(), $2, $3, sha256(i::text::bytea), 'password', now() + interval '1 day'
         FROM generate_series(1, 5) i`,
      [orgId, membershipId, userId],
    );
    harness.advance(3 * 86_400);
    const workers = [instance(), instance(), instance()];
    await Promise.all(workers.map((worker) => worker.tick()));
    await harness.settled();
    const [first, second, ...more] = await nightlyRuns(orgId);
    expect(more).toEqual([]);
    expect(second!.period.getTime() - first!.period.getTime()).toBe(3 * 86_400_000);
    expect(second).toMatchObject({ status: 'succeeded', counts: { due: 6 } });
    expect(await harness.database.superuser('SELECT 1 FROM sessions WHERE org_id = $1', [orgId])).toEqual([]);
    expect(
      await harness.database.superuser(
        `SELECT meta ->> 'policy' AS policy, meta ->> 'removed' AS removed FROM audit_events
           WHERE type = 'retention.completed' AND org_id = $1 ORDER BY 1`,
        [orgId],
      ),
    ).toEqual([
      { policy: 'realtime_events.old', removed: '1' },
      { policy: 'sessions.expired', removed: '5' },
    ]);
  });
});
