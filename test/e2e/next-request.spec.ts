import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { suspend } from '../../src/cli/organizations.js';
import { JobRunner } from '../../src/platform/jobs/job-runner.js';
import { OutboxRelay } from '../../src/platform/jobs/outbox-relay.js';
import { providerMetadata } from '../contract/fixtures.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { over } from '../harness/exports.js';
import { Factories, type Member } from '../harness/factories.js';
import { freePort, Program, ready } from '../harness/processes.js';
import { until } from '../harness/until.js';

/** A member whose rights change, and the director who changes them. */
interface Scene {
  director: Client;
  member: Member;
  client: Client;
  /** A second session of the same member. */
  other: Client;
  personId: string;
  assignmentId: string;
}

interface Change {
  role: string;
  /** The request that runs in a loop. `before` and `after` are its expected statuses. */
  send: (scene: Scene, client: Client) => Promise<Answer>;
  before: number;
  after: number;
  change: (scene: Scene, director: Client) => Promise<Answer>;
}

const me = (_scene: Scene, client: Client) => client.get('/v1/auth/me');
const person = ({ personId }: Scene, client: Client) => client.get(`/v1/people/${personId}`);
const changePerson = ({ personId }: Scene, client: Client) =>
  client.patch(`/v1/people/${personId}`, { title: 'Synthetic' });

/** A role change ends the member's sessions. */
const CHANGES: Record<string, Change> = {
  'a demotion': {
    role: 'program_director',
    send: changePerson,
    before: 200,
    after: 401,
    change: ({ member }, director) => director.patch(`/v1/memberships/${member.membershipId}`, { role: 'mentor' }),
  },
  'a promotion': {
    role: 'mentor',
    send: (_scene, client) => client.get('/v1/memberships'),
    before: 403,
    after: 401,
    change: ({ member }, director) =>
      director.patch(`/v1/memberships/${member.membershipId}`, { role: 'program_director' }),
  },
  'a permission removed from the role': {
    role: 'mentor',
    send: person,
    before: 200,
    after: 403,
    change: (_scene, director) => director.put('/v1/roles/mentor/permissions/person:read', { scope: 'none' }),
  },
  'a permission granted to the member': {
    role: 'mentor',
    send: changePerson,
    before: 403,
    after: 200,
    change: ({ member }, director) =>
      director.put(`/v1/memberships/${member.membershipId}/permissions/person:update`, { scope: 'assigned' }),
  },
  'a permission removed from the member': {
    role: 'mentor',
    send: ({ personId }, client) => client.get(`/v1/people/${personId}/contact`),
    before: 200,
    after: 403,
    change: ({ member }, director) =>
      director.put(`/v1/memberships/${member.membershipId}/permissions/person:unlock-contact`, { scope: 'none' }),
  },
  'a narrowed scope': {
    role: 'mentor',
    send: person,
    before: 200,
    after: 404,
    change: ({ member }, director) =>
      director.put(`/v1/memberships/${member.membershipId}/permissions/person:read`, { scope: 'own' }),
  },
  'an ended assignment': {
    role: 'mentor',
    send: person,
    before: 200,
    after: 404,
    change: ({ assignmentId }, director) => director.delete(`/v1/assignments/${assignmentId}`),
  },
  'an ended membership': {
    role: 'mentor',
    send: person,
    before: 200,
    after: 401,
    change: ({ member }, director) => director.delete(`/v1/memberships/${member.membershipId}`),
  },
  'a session that its user revoked': {
    role: 'mentor',
    send: me,
    before: 200,
    after: 401,
    change: async ({ client, other }, { baseUrl }) =>
      other.at(baseUrl).delete(`/v1/auth/sessions/${(await client.get('/v1/auth/me')).body.session.id}`),
  },
  'all other sessions that their user revoked': {
    role: 'mentor',
    send: me,
    before: 200,
    after: 401,
    change: ({ other }, { baseUrl }) => other.at(baseUrl).delete('/v1/auth/sessions'),
  },
  'a sign-out': {
    role: 'mentor',
    send: me,
    before: 200,
    after: 401,
    change: ({ client }, { baseUrl }) => client.at(baseUrl).post('/v1/auth/logout'),
  },
  'a password change': {
    role: 'mentor',
    send: me,
    before: 200,
    after: 401,
    change: ({ other }, { baseUrl }) =>
      other
        .at(baseUrl)
        .post('/v1/auth/password/change', { currentPassword: Factories.PASSWORD, newPassword: 'Synthetic-Test-2' }),
  },
  "a reset of the member's factors by a director": {
    role: 'mentor',
    send: me,
    before: 200,
    after: 401,
    change: ({ member }, director) => director.delete(`/v1/memberships/${member.membershipId}/factors`),
  },
  'a disabled connection, for the sessions that it started': {
    role: 'mentor',
    send: me,
    before: 200,
    after: 401,
    change: async ({ member }, director) => {
      const {
        body: { id },
      } = await director.post('/v1/sso/connections', {
        name: 'Synthetic',
        metadata: await providerMetadata(),
        defaultRole: 'mentor',
      });
      await harness.database.superuser(`UPDATE sessions SET connection_id = $2 WHERE membership_id = $1`, [
        member.membershipId,
        id,
      ]);
      return director.patch(`/v1/sso/connections/${id}`, { enabled: false });
    },
  },
  'a suspended organization': {
    role: 'mentor',
    send: me,
    before: 200,
    after: 403,
    change: async ({ member, director }) => {
      expect(await suspend(harness.operator, member.orgId, 'incident')).toBe(true);
      return director.get('/health/live');
    },
  },
};

let harness: Harness;
let second: Program | undefined;
let secondUrl: string;

async function makeScene(role: string): Promise<Scene> {
  const orgId = await harness.make.organization('gme');
  const director = await harness.signIn((await harness.make.member(orgId, 'program_director')).email);
  const member = await harness.make.member(orgId, role);
  const personId = await harness.make.person(orgId);
  const assignmentId = await harness.make.assignment(orgId, member.membershipId, personId);
  return {
    director,
    member,
    client: await harness.signIn(member.email),
    other: await harness.signIn(member.email),
    personId,
    assignmentId,
  };
}

/**
 * Sends requests to both processes without a pause while `change` runs. Returns the statuses of the requests that
 * ended before the change, and of those that started after its response.
 */
async function requestDuringChange(
  send: (url: string) => Promise<Answer>,
  change: () => Promise<Answer>,
): Promise<{ before: number[]; after: number[] }> {
  const observed: { start: number; ended: number; status: number }[] = [];
  let running = true;
  const loops = [harness.url, secondUrl, harness.url, secondUrl].map(async (url) => {
    while (running) {
      const start = performance.now();
      const { status } = await send(url);
      observed.push({ start, ended: performance.now(), status });
    }
  });
  await until('the requests are under way', () => observed.length >= 20);
  const startedAt = performance.now();
  expect((await change()).status).toBeLessThan(300);
  const finishedAt = performance.now();
  const after = () => observed.filter(({ start }) => start > finishedAt);
  await until('requests were begun after the change', () => after().length >= 40);
  running = false;
  await Promise.all(loops);
  return {
    before: observed.filter(({ ended }) => ended < startedAt).map(({ status }) => status),
    after: after().map(({ status }) => status),
  };
}

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  const port = await freePort();
  secondUrl = `http://127.0.0.1:${port}`;
  second = new Program('main', { ...harness.env, PORT: String(port) });
  second.start();
  await ready(secondUrl);
});
afterAll(async () => {
  await second?.kill();
  await harness?.stop();
});

describe.each(Object.entries(CHANGES))('%s', (_what, { role, send, before, after, change }) => {
  it.each(['one process', 'the other'])('made in %s applies to every later request in both', async (where) => {
    const scene = await makeScene(role);
    const director = scene.director.at(where === 'one process' ? harness.url : secondUrl);
    const observed = await requestDuringChange(
      (url) => send(scene, scene.client.at(url)),
      () => change(scene, director),
    );
    expect({ before: [...new Set(observed.before)], after: [...new Set(observed.after)] }).toEqual({
      before: [before],
      after: [after],
    });
  });
});

describe('a membership that ends in the middle of a request', () => {
  it('completes the pending request with its event or rejects it, and rejects the next one', async () => {
    const scene = await makeScene('program_director');
    // The first request of a session writes to the session, and that write locks the membership.
    expect((await person(scene, scene.client)).status).toBe(200);
    let pendingUpdate!: Promise<Answer>;
    await harness.database.transaction(async (query) => {
      await query('SELECT FROM people WHERE id = $1 FOR UPDATE', [scene.personId]);
      pendingUpdate = changePerson(scene, scene.client.at(secondUrl));
      await until(
        'the change waits',
        async () =>
          (
            await harness.database.superuser(
              `SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'vouchsafe_app'
                 AND wait_event_type = 'Lock'`,
            )
          ).length > 0,
      );
      expect((await scene.director.delete(`/v1/memberships/${scene.member.membershipId}`)).status).toBeLessThan(300);
      for (const url of [harness.url, secondUrl]) expect((await person(scene, scene.client.at(url))).status).toBe(401);
    });
    const { status } = await pendingUpdate;
    const changed = await harness.database.superuser(`SELECT FROM people WHERE id = $1 AND title = 'Synthetic'`, [
      scene.personId,
    ]);
    const events = await harness.database.superuser(
      `SELECT FROM audit_events WHERE type = 'person.updated' AND target_id = $1 AND actor_id = $2`,
      [scene.personId, scene.member.userId],
    );
    expect([changed.length, events.length]).toEqual(status === 200 ? [1, 1] : [0, 0]);
    expect((await changePerson(scene, scene.client.at(secondUrl))).status).toBe(401);
  });
});

describe('the worker, with a job that was enqueued before the change', () => {
  const REVOCATIONS: [what: string, change: Change['change']][] = [
    ['an ended membership', CHANGES['an ended membership']!.change],
    ['a demotion', CHANGES['a demotion']!.change],
    [
      'a permission removed',
      ({ member }, director) =>
        director.put(`/v1/memberships/${member.membershipId}/permissions/export:create`, { scope: 'none' }),
    ],
    [
      'a narrowed scope',
      ({ member }, director) =>
        director.put(`/v1/memberships/${member.membershipId}/permissions/person:read`, { scope: 'own' }),
    ],
  ];

  it('does only what the member may still do', async () => {
    const startedAt = [];
    for (const [what, change] of [['nothing', null] as const, ...REVOCATIONS]) {
      const scene = await makeScene('program_director');
      const { status, body } = await scene.client.post('/v1/exports', { kind: 'person_pdf', personId: scene.personId });
      expect(status).toBe(202);
      if (change !== null) expect((await change(scene, scene.director.at(secondUrl))).status).toBeLessThan(300);
      startedAt.push({ what, id: body.id as string, director: scene.director });
    }
    harness.worker.get(JobRunner).start();
    harness.worker.get(OutboxRelay).start();
    const outcomes = await Promise.all(
      startedAt.map(async ({ what, id, director }) => [what, (await over(director, id)).status]),
    );
    expect(outcomes).toEqual([['nothing', 'ready'], ...REVOCATIONS.map(([what]) => [what, 'failed'])]);
  });
});
