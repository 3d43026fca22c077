import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { until } from '../harness/until.js';

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false, env: { DATABASE_POOL_SIZE: '4' } });
});
afterAll(() => harness.stop());

async function organization(): Promise<{ orgId: string; email: string; client: Client }> {
  const orgId = await harness.make.organization('gme');
  const { email } = await harness.make.member(orgId, 'program_director');
  return { orgId, email, client: await harness.signIn(email) };
}

/** Runs a function while changes of one organization wait for a lock. Returns the answers to these changes. */
async function whileBlocked(
  { orgId, client }: { orgId: string; client: Client },
  changes: number,
  fn: (answered: () => number) => Promise<void>,
): Promise<Answer[]> {
  let answered = 0;
  let answers: Promise<Answer[]> | undefined;
  await harness.database.transaction(async (query) => {
    await query('SELECT FROM organizations WHERE id = $1 FOR UPDATE', [orgId]);
    answers = Promise.all(
      Array.from({ length: changes }, async (_, i) => {
        const answer = await client.patch('/v1/organizations/current', { name: `Synthetic ${i}` });
        answered += 1;
        return answer;
      }),
    );
    await until('changes wait for the lock', async () => {
      const waiting = await harness.database.superuser(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'vouchsafe_app'
           AND wait_event_type = 'Lock'`,
      );
      return waiting.length >= 2;
    });
    await fn(() => answered);
  });
  return answers!;
}

describe('an organization with 50 changes that wait for a lock', () => {
  let quiet: Awaited<ReturnType<typeof organization>>;

  beforeEach(async () => {
    quiet = await organization();
    await quiet.client.get('/v1/auth/me');
  });

  const expectServed = async (answered: () => number) => {
    const created = { kind: 'trainee', givenName: 'Synthetic', familyName: 'Person' };
    expect((await quiet.client.get('/v1/people')).status).toBe(200);
    expect((await quiet.client.post('/v1/people', created)).status).toBe(201);
    expect(answered()).toBe(0);
  };

  it('leaves connections for the reads and changes of another organization', async () => {
    const busy = await organization();
    await busy.client.get('/v1/auth/me');
    const answers = await whileBlocked(busy, 12, expectServed);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('leaves connections also if the process has not seen its session before', async () => {
    const busy = await organization();
    const answers = await whileBlocked(busy, 12, expectServed);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('leaves a connection for sign-ins from other addresses and for the health check', async () => {
    const busy = await organization();
    await busy.client.get('/v1/auth/me');
    await whileBlocked(busy, 12, async (answered) => {
      expect((await harness.client().get('/health/ready')).status).toBe(200);
      expect((await harness.signIn(quiet.email)).cookieHeader).not.toBe('');
      expect(answered()).toBe(0);
    });
  });
});
