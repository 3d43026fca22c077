import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Clock } from '../../src/platform/clock/clock.js';
import { ClockProbe } from '../../src/platform/database/clock.probe.js';
import { Harness } from '../harness/app.js';
import { until } from '../harness/until.js';

const HOUR_MS = 3_600_000;

let harness: Harness;
let email: string;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  ({ email } = await harness.make.member(await harness.make.organization('gme'), 'program_director'));
});
afterAll(() => harness.stop());

/** Sets the difference between the machine of the API and the database. */
function skew(milliseconds: number): void {
  harness.api.get(Clock).machineMillis = () => Date.now() + milliseconds;
}

const readiness = async () => {
  const { status, body } = await harness.client().get('/health/ready');
  return `${status} ${body.detail ?? 'ready'}`;
};

describe('a process whose clock differs from that of the database', () => {
  it.each([
    ['13 hours ahead', 13 * HOUR_MS],
    ['13 hours behind', -13 * HOUR_MS],
    ['400 days ahead', 400 * 24 * HOUR_MS],
  ])('records audit events at the time of the database: %s', async (_what, milliseconds) => {
    skew(milliseconds);
    const client = await harness.signIn(email);
    const { status, body } = await client.post('/v1/people', { kind: 'trainee', givenName: 'S', familyName: 'P' });
    skew(0);
    const events = await harness.database.superuser(
      `SELECT occurred_at = (convert_from(canonical, 'UTF8')::jsonb ->> 'occurredAt')::timestamptz AS "hashed",
              occurred_at BETWEEN now() - interval '1 minute' AND now() AS "now"
         FROM audit_events WHERE target_id = $1`,
      [body.id],
    );
    expect([status, events]).toEqual([201, [{ hashed: true, now: true }]]);
  });

  it.each([-6_000, 6_000])('is not ready at %i ms, and ready again when the clock is right', async (milliseconds) => {
    skew(milliseconds);
    await until('the clock shows', async () => (await readiness()) === '503 not ready: clock');
    skew(0);
    await until('it is ready', async () => (await readiness()) === '200 ready');
  });

  it('tolerates three seconds, and a clock that a test moves', async () => {
    skew(3_000);
    harness.advance(3_600);
    await expect(harness.api.get(ClockProbe).check()).resolves.toBeUndefined();
    skew(0);
    harness.advance(-3_600);
  });
});
