import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Harness } from '../harness/app.js';
import { Client, type Answer } from '../harness/client.js';
import { exported } from '../harness/exports.js';
import { startBouncer, type Bouncer } from '../harness/pgbouncer.js';
import { freePort, Program, ready } from '../harness/processes.js';
import { until } from '../harness/until.js';

jest.setTimeout(120_000);

const TENANTS = 50;
const POOL = 4;
const ROUNDS = 6;

/** Each tenant's rows carry its mark, and no answer may carry another's. */
interface Tenant {
  mark: string;
  orgId: string;
  userIds: string[];
  director: Client;
  mentor: Client;
  people: [assigned: string, other: string];
  created: number;
}

interface Ask {
  tenant: Tenant;
  what: string;
  answer: Promise<Answer>;
  right: (answer: Answer) => boolean;
}

let bouncer: Bouncer | undefined;
let harness: Harness;
let second: Program | undefined;
let secondUrl: string;
const tenants: Tenant[] = [];
/** Which organization asked, by request id. */
const asked = new Map<string, Tenant>();

async function makeTenant(n: number): Promise<Tenant> {
  const mark = `tenant-${String(n).padStart(2, '0')}`;
  const orgId = await harness.make.organization('gme', `Program ${mark}`);
  const director = await harness.make.member(orgId, 'program_director');
  const mentor = await harness.make.member(orgId, 'mentor');
  const people: Tenant['people'] = [
    await harness.make.person(orgId, { familyName: mark, title: mark }),
    await harness.make.person(orgId, { familyName: mark }),
  ];
  await harness.make.assignment(orgId, mentor.membershipId, people[0]);
  return {
    mark,
    orgId,
    people,
    userIds: [director.userId, mentor.userId],
    created: 0,
    director: await harness.signIn(director.email),
    mentor: await harness.signIn(mentor.email),
  };
}

beforeAll(async () => {
  bouncer = await startBouncer(POOL);
  // Together the two processes open as many connections to PgBouncer as there are requests at a time.
  harness = await Harness.start({ through: bouncer.through, env: { ...bouncer.env, DATABASE_POOL_SIZE: '100' } });
  const port = await freePort();
  secondUrl = `http://127.0.0.1:${port}`;
  second = new Program('main', { ...harness.env, PORT: String(port) });
  second.start();
  for (let n = 0; n < TENANTS; n += 10)
    tenants.push(...(await Promise.all(Array.from({ length: 10 }, (_, i) => makeTenant(n + i)))));
  await ready(secondUrl);
});
afterAll(async () => {
  await second?.kill();
  await harness?.stop();
  await bouncer?.stop();
});

/** The same caller at the second process, by turns. */
function at(client: Client, turn: number): Client {
  return turn % 2 === 0 ? client : client.at(secondUrl);
}

function asks(tenant: Tenant, round: number, turn: number): Ask[] {
  const [director, mentor] = [at(tenant.director, turn), at(tenant.mentor, turn + 1)];
  const [assigned, other] = tenant.people;
  const stranger = tenants[(tenants.indexOf(tenant) + 1 + round) % TENANTS]!.people[0];
  const ask = (what: string, answer: Promise<Answer>, right: Ask['right']): Ask => ({ tenant, what, answer, right });
  if (round % 2 === 0) {
    tenant.created += 1;
    return [
      ask('list', director.get('/v1/people?limit=200'), ({ status, body }) => status === 200 && body.items.length >= 2),
      ask(
        'read by the mentor',
        mentor.get(`/v1/people/${assigned}`),
        ({ status, body }) => status === 200 && body.familyName === tenant.mark,
      ),
      ask(
        'change',
        director.patch(`/v1/people/${assigned}`, { title: `${tenant.mark} in round ${round}` }),
        ({ status }) => status === 200,
      ),
      ask(
        'creation',
        director.post('/v1/people', { kind: 'trainee', givenName: 'New', familyName: tenant.mark }),
        ({ status }) => status === 201,
      ),
    ];
  }
  return [
    ask(
      'list of the mentor',
      mentor.get('/v1/people?limit=200'),
      ({ body }) => body.items.length === 1 && body.items[0].id === assigned,
    ),
    ask('person not assigned', mentor.get(`/v1/people/${other}`), ({ status }) => status === 404),
    ask('person of another tenant', director.get(`/v1/people/${stranger}`), ({ status }) => status === 404),
    ask(
      'change at another tenant',
      director.patch(`/v1/people/${stranger}`, { title: tenant.mark }),
      ({ status }) => status === 404,
    ),
  ];
}

/** What is wrong with an answer: another tenant's mark, or not what was asked for. */
async function wrong({ tenant, what, answer, right }: Ask): Promise<string[]> {
  const got = await answer;
  asked.set(got.headers.get('x-request-id')!, tenant);
  const marks = new Set(got.text.match(/tenant-\d\d/g) ?? []);
  marks.delete(tenant.mark);
  return [
    ...(marks.size > 0 ? [`${what} of ${tenant.mark} shows ${[...marks].join()}`] : []),
    ...(right(got) ? [] : [`${what} of ${tenant.mark}: ${got.status} ${got.text.slice(0, 200)}`]),
  ];
}

describe(`two processes, ${POOL} shared connections, 200 requests of ${TENANTS} tenants at a time`, () => {
  it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    'answer each tenant with its own rows alone, round %i',
    async (round) => {
      const all = tenants.flatMap((tenant, i) => asks(tenant, round, i));
      expect(all).toHaveLength(200);
      expect((await Promise.all(all.map(wrong))).flat()).toEqual([]);
    },
  );

  it('left in each organization what it did, and nothing of others', async () => {
    const rows = await harness.database.superuser<{
      org_id: string;
      family_name: string;
      people: string;
      titles: string[];
    }>(
      `SELECT org_id, family_name, count(*) AS people, array_agg(title
         ORDER BY title) FILTER (WHERE title IS NOT NULL) AS titles FROM people GROUP BY 1, 2`,
    );
    const expected = tenants.map(({ orgId, mark, created }) => ({
      org_id: orgId,
      family_name: mark,
      people: String(2 + created),
      titles: [`${mark} in round ${ROUNDS - 2}`],
    }));
    const order = (a: { org_id: string }, b: { org_id: string }) => a.org_id.localeCompare(b.org_id);
    expect(rows.toSorted(order)).toEqual(expected.toSorted(order));
  });

  it('wrote each entry of the log into the organization that asked, under the name of who did', async () => {
    const rows = await harness.database.superuser<{
      request_id: string;
      org_id: string;
      actor_id: string;
      type: string;
    }>('SELECT request_id, org_id, actor_id, type FROM audit_events WHERE request_id = ANY ($1)', [[...asked.keys()]]);
    const astray = rows.filter(
      ({ request_id: id, org_id: org, actor_id: actor }) =>
        org !== asked.get(id)!.orgId || !asked.get(id)!.userIds.includes(actor),
    );
    expect(astray).toEqual([]);
    const counts = Object.fromEntries(
      [...Map.groupBy(rows, ({ type }) => type)].map(([type, { length }]) => [type, length]),
    );
    const times = (TENANTS * ROUNDS) / 2;
    expect(counts).toEqual({
      'person.viewed': times,
      'person.updated': times,
      'person.created': times,
      'access.denied': 3 * times,
    });
  });

  it(`never used more than ${POOL} connections`, async () => {
    const [row] = await harness.database.superuser<{ open: string }>(
      `SELECT count(*) AS open FROM pg_stat_activity WHERE datname = current_database() AND usename = 'vouchsafe_app'`,
    );
    expect(Number(row!.open)).toBe(POOL);
  });
});

describe('jobs behind it', () => {
  it('make each tenant the file of its own people', async () => {
    const files = await Promise.all(
      tenants.slice(0, 6).map(async ({ director, mark }) => {
        const { status: state, url } = await exported(director, { kind: 'people_csv' });
        const { text } = await director.get(url!);
        return [mark, state, [...new Set(text.match(/tenant-\d\d/g))]];
      }),
    );
    expect(files).toEqual(tenants.slice(0, 6).map(({ mark }) => [mark, 'ready', [mark]]));
  });
});

describe('what is broken off in the middle', () => {
  const nobodyInside = () =>
    until('no transaction is open', async () => {
      const open = await harness.database.superuser(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'vouchsafe_app'
           AND state <> 'idle'`,
      );
      return open.length === 0;
    });
  const everybodyIsRight = async () =>
    expect(
      (
        await Promise.all(
          tenants.map((tenant) =>
            wrong({
              tenant,
              what: 'list',
              answer: tenant.director.get('/v1/people?limit=200'),
              right: ({ status, body }) => status === 200 && body.items.length === 2 + tenant.created,
            }),
          ),
        )
      ).flat(),
    ).toEqual([]);

  /** Holds the rows of all assigned people, so that changes of them wait, until the function is done. */
  async function whileLocked(fn: () => Promise<void>): Promise<void> {
    await harness.database.transaction(async (query) => {
      await query('SELECT FROM people WHERE id = ANY ($1) FOR UPDATE', [tenants.map(({ people }) => people[0])]);
      await fn();
    });
  }

  const waiting = (count: number) =>
    until(`${count} changes wait`, async () => {
      const rows = await harness.database.superuser(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'vouchsafe_app'
           AND wait_event_type = 'Lock'`,
      );
      return rows.length >= count;
    });

  const untouched = async (title: string) => {
    expect(await harness.database.superuser('SELECT org_id FROM people WHERE title = $1', [title])).toEqual([]);
    expect(await harness.database.superuser(`SELECT FROM audit_events WHERE type = 'person.updated'`)).toHaveLength(
      (TENANTS * ROUNDS) / 2,
    );
  };

  it('by callers who hang up leaves no change, no transaction and no context', async () => {
    const callers = new AbortController();
    await whileLocked(async () => {
      const given = tenants.slice(0, POOL).map(({ director, people }) =>
        fetch(`${harness.url}/v1/people/${people[0]}`, {
          method: 'PATCH',
          body: JSON.stringify({ title: 'hung up' }),
          signal: callers.signal,
          headers: { cookie: director.cookieHeader, 'content-type': 'application/json' },
        }),
      );
      await waiting(POOL);
      callers.abort();
      expect((await Promise.allSettled(given)).map(({ status }) => status)).toEqual(Array(POOL).fill('rejected'));
    });
    await nobodyInside();
    await untouched('hung up');
    await everybodyIsRight();
  });

  it('by the death of a process leaves no change, no transaction and no context', async () => {
    await whileLocked(async () => {
      const given = tenants
        .slice(0, POOL)
        .map(({ director, people }) => director.at(secondUrl).patch(`/v1/people/${people[0]}`, { title: 'killed' }));
      const ended = Promise.allSettled(given);
      await waiting(POOL);
      await second!.kill();
      expect((await ended).map(({ status }) => status)).toEqual(Array(POOL).fill('rejected'));
    });
    await nobodyInside();
    await untouched('killed');
    await everybodyIsRight();
  });

  it('by the server ending the connection is told as a failure, and leaves nothing', async () => {
    await whileLocked(async () => {
      const given = tenants
        .slice(0, POOL)
        .map(({ director, people }) => director.patch(`/v1/people/${people[0]}`, { title: 'ended' }));
      await waiting(POOL);
      await harness.database.superuser(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
           AND usename = 'vouchsafe_app'`,
      );
      for (const { status } of await Promise.all(given)) expect(status).toBeGreaterThanOrEqual(500);
    });
    await untouched('ended');
    await everybodyIsRight();
  });
});
