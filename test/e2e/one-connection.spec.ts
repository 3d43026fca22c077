import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../harness/client.js';
import { Harness } from '../harness/app.js';
import { until } from '../harness/until.js';

interface Caller {
  client: Client;
  orgId: string;
  personId: string;
}

let harness: Harness;
const callers: Caller[] = [];

async function caller(): Promise<Caller> {
  const orgId = await harness.make.organization('gme');
  const { email } = await harness.make.member(orgId, 'program_director');
  return { client: await harness.signIn(email), orgId, personId: await harness.make.person(orgId) };
}

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false, env: { DATABASE_POOL_SIZE: '1' } });
  callers.push(await caller(), await caller());
});
afterAll(() => harness.stop());

describe('organizations that share one database connection', () => {
  it('each see only their own people when the COMMIT of one read travels with the next request', async () => {
    const sequence = Array.from({ length: 60 }, (_, i) => callers[i % 2]!);
    const lists = await Promise.all(sequence.map(({ client }) => client.get('/v1/people')));
    expect(lists.map(({ body }) => body.items.map((item: { id: string }) => item.id))).toEqual(
      sequence.map(({ personId }) => [personId]),
    );
  });

  it('stay isolated when reads, audited views, rejections, and anonymous requests are mixed', async () => {
    const [one, other] = callers as [Caller, Caller];
    const anonymous = harness.client();
    const round = () => [
      one.client.get('/v1/people').then(({ body }) => body.items[0].id === one.personId),
      other.client.get(`/v1/people/${one.personId}`).then(({ status }) => status === 404),
      anonymous.get('/v1/people').then(({ status }) => status === 401),
      one.client.get(`/v1/people/${one.personId}`).then(({ status }) => status === 200),
      other.client.get('/v1/auth/me').then(({ body }) => body.organization.id === other.orgId),
      other.client.get('/v1/people?limit=none').then(({ status }) => status === 400),
    ];
    const rounds = await Promise.all(Array.from({ length: 20 }, round).flat());
    expect(rounds.filter((isCorrect) => !isCorrect)).toHaveLength(0);
  });

  it('leave no open transaction behind', async () => {
    const { client } = callers[0]!;
    await client.get('/v1/people');
    await client.get('/v1/auth/me');
    await until('every transaction has ended', async () => {
      const open = await harness.database.superuser(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'vouchsafe_app'
           AND state LIKE 'idle in transaction%'`,
      );
      return open.length === 0;
    });
  });
});
