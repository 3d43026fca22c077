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

/** The rows of each tenant carry its label. A response with the label of another tenant is a leak. */
interface Tenant {
  label: string;
  orgId: string;
  userIds: string[];
  director: Client;
  mentor: Client;
  people: [assigned: string, other: string];
  created: number;
}

interface Check {
  tenant: Tenant;
  what: string;
  answer: Promise<Answer>;
  isCorrect: (answer: Answer) => boolean;
}

let bouncer: Bouncer | undefined;
let harness: Harness;
let second: Program | undefined;
let secondUrl: string;
const tenants: Tenant[] = [];
/** The tenant of each request, by request id. */
const tenantByRequestId = new Map<string, Tenant>();

async function makeTenant(n: number): Promise<Tenant> {
  const label = `tenant-${String(n).padStart(2, '0')}`;
  const orgId = await harness.make.organization('gme', `Program ${label}`);
  const director = await harness.make.member(orgId, 'program_director');
  const mentor = await harness.make.member(orgId, 'mentor');
  const people: Tenant['people'] = [
    await harness.make.person(orgId, { familyName: label, title: label }),
    await harness.make.person(orgId, { familyName: label }),
  ];
  await harness.make.assignment(orgId, mentor.membershipId, people[0]);
  return {
    label,
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
  // Together, the two processes open as many connections to PgBouncer as there are concurrent requests.
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

/** Returns the client at the first or the second process, alternating with `turn`. */
function at(client: Client, turn: number): Client {
  return turn % 2 === 0 ? client : client.at(secondUrl);
}

function checksOf(tenant: Tenant, round: number, turn: number): Check[] {
  const [director, mentor] = [at(tenant.director, turn), at(tenant.mentor, turn + 1)];
  const [assigned, other] = tenant.people;
  const foreignPerson = tenants[(tenants.indexOf(tenant) + 1 + round) % TENANTS]!.people[0];
  const check = (what: string, answer: Promise<Answer>, isCorrect: Check['isCorrect']): Check => ({
    tenant,
    what,
    answer,
    isCorrect,
  });
  if (round % 2 === 0) {
    tenant.created += 1;
    return [
      check(
        'list',
        director.get('/v1/people?limit=200'),
        ({ status, body }) => status === 200 && body.items.length >= 2,
      ),
      check(
        'read by the mentor',
        mentor.get(`/v1/people/${assigned}`),
        ({ status, body }) => status === 200 && body.familyName === tenant.label,
      ),
      check(
        'change',
        director.patch(`/v1/people/${assigned}`, { title: `${tenant.label} in round ${round}` }),
        ({ status }) => status === 200,
      ),
      check(
        'creation',
        director.post('/v1/people', { kind: 'trainee', givenName: 'New', familyName: tenant.label }),
        ({ status }) => status === 201,
      ),
    ];
  }
  return [
    check(
      'list of the mentor',
      mentor.get('/v1/people?limit=200'),
      ({ body }) => body.items.length === 1 && body.items[0].id === assigned,
    ),
    check('person not assigned', mentor.get(`/v1/people/${other}`), ({ status }) => status === 404),
    check('person of another tenant', director.get(`/v1/people/${foreignPerson}`), ({ status }) => status === 404),
    check(
      'change at another tenant',
      director.patch(`/v1/people/${foreignPerson}`, { title: tenant.label }),
      ({ status }) => status === 404,
    ),
  ];
}

/** Returns the problems of a response: the label of another tenant, or an unexpected result. */
async function problemsOf({ tenant, what, answer, isCorrect }: Check): Promise<string[]> {
  const got = await answer;
  tenantByRequestId.set(got.headers.get('x-request-id')!, tenant);
  const labels = new Set(got.text.match(/tenant-\d\d/g) ?? []);
  labels.delete(tenant.label);
  return [
    ...(labels.size > 0 ? [`${what} of ${tenant.label} shows ${[...labels].join()}`] : []),
    ...(isCorrect(got) ? [] : [`${what} of ${tenant.label}: ${got.status} ${got.text.slice(0, 200)}`]),
  ];
}

describe(`two processes, ${POOL} shared connections, 200 concurrent requests of ${TENANTS} tenants`, () => {
  it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    'answer each tenant with its own rows only, round %i',
    async (round) => {
      const all = tenants.flatMap((tenant, i) => checksOf(tenant, round, i));
      expect(all).toHaveLength(200);
      expect((await Promise.all(all.map(problemsOf))).flat()).toEqual([]);
    },
  );

  it('wrote to each organization exactly its own changes', async () => {
    const rows = await harness.database.superuser<{
      org_id: string;
      family_name: string;
      people: string;
      titles: string[];
    }>(
      `SELECT org_id, family_name, count(*) AS people, array_agg(title
         ORDER BY title) FILTER (WHERE title IS NOT NULL) AS titles FROM people GROUP BY 1, 2`,
    );
    const expected = tenants.map(({ orgId, label, created }) => ({
      org_id: orgId,
      family_name: label,
      people: String(2 + created),
      titles: [`${label} in round ${ROUNDS - 2}`],
    }));
    const order = (a: { org_id: string }, b: { org_id: string }) => a.org_id.localeCompare(b.org_id);
    expect(rows.toSorted(order)).toEqual(expected.toSorted(order));
  });

  it('recorded each audit event in the organization and under the actor of its request', async () => {
    const rows = await harness.database.superuser<{
      request_id: string;
      org_id: string;
      actor_id: string;
      type: string;
    }>('SELECT request_id, org_id, actor_id, type FROM audit_events WHERE request_id = ANY ($1)', [
      [...tenantByRequestId.keys()],
    ]);
    const misplaced = rows.filter(
      ({ request_id: id, org_id: org, actor_id: actor }) =>
        org !== tenantByRequestId.get(id)!.orgId || !tenantByRequestId.get(id)!.userIds.includes(actor),
    );
    expect(misplaced).toEqual([]);
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

  it(`never use more than ${POOL} connections`, async () => {
    const [row] = await harness.database.superuser<{ open: string }>(
      `SELECT count(*) AS open FROM pg_stat_activity WHERE datname = current_database() AND usename = 'vouchsafe_app'`,
    );
    expect(Number(row!.open)).toBe(POOL);
  });
});

describe('jobs through PgBouncer', () => {
  it("export only the tenant's own people", async () => {
    const files = await Promise.all(
      tenants.slice(0, 6).map(async ({ director, label }) => {
        const { status: state, url } = await exported(director, { kind: 'people_csv' });
        const { text } = await director.get(url!);
        return [label, state, [...new Set(text.match(/tenant-\d\d/g))]];
      }),
    );
    expect(files).toEqual(tenants.slice(0, 6).map(({ label }) => [label, 'ready', [label]]));
  });
});

describe('an interrupted request', () => {
  const untilNoTransactionIsOpen = () =>
    until('no transaction is open', async () => {
      const open = await harness.database.superuser(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'vouchsafe_app'
           AND state <> 'idle'`,
      );
      return open.length === 0;
    });
  const expectCorrectLists = async () =>
    expect(
      (
        await Promise.all(
          tenants.map((tenant) =>
            problemsOf({
              tenant,
              what: 'list',
              answer: tenant.director.get('/v1/people?limit=200'),
              isCorrect: ({ status, body }) => status === 200 && body.items.length === 2 + tenant.created,
            }),
          ),
        )
      ).flat(),
    ).toEqual([]);

  /** Locks the rows of all assigned people while `fn` runs, so that updates of them wait. */
  async function whileLocked(fn: () => Promise<void>): Promise<void> {
    await harness.database.transaction(async (query) => {
      await query('SELECT FROM people WHERE id = ANY ($1) FOR UPDATE', [tenants.map(({ people }) => people[0])]);
      await fn();
    });
  }

  const untilWaiting = (count: number) =>
    until(`${count} changes wait`, async () => {
      const rows = await harness.database.superuser(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'vouchsafe_app'
           AND wait_event_type = 'Lock'`,
      );
      return rows.length >= count;
    });

  const expectNoChange = async (title: string) => {
    expect(await harness.database.superuser('SELECT org_id FROM people WHERE title = $1', [title])).toEqual([]);
    expect(await harness.database.superuser(`SELECT FROM audit_events WHERE type = 'person.updated'`)).toHaveLength(
      (TENANTS * ROUNDS) / 2,
    );
  };

  it('leaves no change, no transaction, and no context when the client disconnects', async () => {
    const callers = new AbortController();
    await whileLocked(async () => {
      const requests = tenants.slice(0, POOL).map(({ director, people }) =>
        fetch(`${harness.url}/v1/people/${people[0]}`, {
          method: 'PATCH',
          body: JSON.stringify({ title: 'hung up' }),
          signal: callers.signal,
          headers: { cookie: director.cookieHeader, 'content-type': 'application/json' },
        }),
      );
      await untilWaiting(POOL);
      callers.abort();
      expect((await Promise.allSettled(requests)).map(({ status }) => status)).toEqual(Array(POOL).fill('rejected'));
    });
    await untilNoTransactionIsOpen();
    await expectNoChange('hung up');
    await expectCorrectLists();
  });

  it('leaves no change, no transaction, and no context when the process is killed', async () => {
    await whileLocked(async () => {
      const requests = tenants
        .slice(0, POOL)
        .map(({ director, people }) => director.at(secondUrl).patch(`/v1/people/${people[0]}`, { title: 'killed' }));
      const ended = Promise.allSettled(requests);
      await untilWaiting(POOL);
      await second!.kill();
      expect((await ended).map(({ status }) => status)).toEqual(Array(POOL).fill('rejected'));
    });
    await untilNoTransactionIsOpen();
    await expectNoChange('killed');
    await expectCorrectLists();
  });

  it('fails and leaves nothing when the database ends the connection', async () => {
    await whileLocked(async () => {
      const requests = tenants
        .slice(0, POOL)
        .map(({ director, people }) => director.patch(`/v1/people/${people[0]}`, { title: 'ended' }));
      await untilWaiting(POOL);
      await harness.database.superuser(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
           AND usename = 'vouchsafe_app'`,
      );
      for (const { status } of await Promise.all(requests)) expect(status).toBeGreaterThanOrEqual(500);
    });
    await expectNoChange('ended');
    await expectCorrectLists();
  });
});
