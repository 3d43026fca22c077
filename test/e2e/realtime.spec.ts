import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Channels } from '../../src/modules/realtime/channels.js';
import { RealtimeLimits } from '../../src/modules/realtime/realtime-limits.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { EventStream } from '../harness/event-stream.js';
import { madeKey } from '../harness/keys.js';
import {
  change,
  hasten,
  Listening,
  makeProgram,
  setupIsPast,
  takeSeat,
  type Program,
  type Seat,
} from '../harness/subscriptions.js';
import { until } from '../harness/until.js';

let harness: Harness;
let subscriptions: Listening;
let here: Program;
let there: Program;

beforeAll(async () => {
  harness = await Harness.start();
  hasten(harness.api);
  subscriptions = new Listening(harness);
  there = await makeProgram(harness);
});
beforeEach(async () => {
  here = await makeProgram(harness);
});
afterEach(() => subscriptions.closeAll());
afterAll(() => harness.stop());

const superuser = (text: string, ...values: unknown[]) =>
  harness.database.superuser<Record<string, unknown>>(text, values);

/** Waits until the server has polled twice for each stream, so that every pending event has been delivered. */
async function settled(...streams: EventStream[]): Promise<void> {
  await Promise.all(streams.map((stream) => stream.settled()));
}

describe('a subscriber', () => {
  it('receives events with ids, type, and time, and nothing else', async () => {
    const stream = await subscriptions.open(here.director);
    await change(here.director, here.own);
    await stream.about(here.own);
    const { event, data } = stream.events[0]!;
    expect(event).toBe('person.updated');
    expect(data).toEqual({
      type: 'person.updated',
      targetType: 'person',
      targetId: here.own,
      occurredAt: expect.stringMatching(/^\d{4}-.*Z$/) as unknown,
    });
  });

  it('receives events of the worker and of operators', async () => {
    const stream = await subscriptions.open(here.director);
    const person = await harness.make.person(here.id);
    await stream.about(person);
    const { body } = await here.director.client.post('/v1/exports', { kind: 'person_pdf', personId: person });
    await until('the export is complete', () =>
      stream.events.some(({ event, data }) => event === 'export.completed' && data.targetId === body.id),
    );
  });

  it('gets a response that proxies neither cache nor buffer', async () => {
    const { headers } = (await subscriptions.open(here.director)).response;
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    expect(headers['content-length']).toBeUndefined();
  });

  it('receives nothing of a rolled-back change', async () => {
    const stream = await subscriptions.open(here.director);
    const [before] = await superuser('SELECT count(*) FROM realtime_events');
    expect((await here.director.client.patch(`/v1/people/${here.own}`, { version: 99, title: 'x' })).status).toBe(409);
    await settled(stream);
    expect(stream.heard).toEqual([]);
    expect(await superuser('SELECT count(*) FROM realtime_events')).toEqual([before]);
  });
});

describe('event delivery', () => {
  it('never crosses organizations', async () => {
    const [ours, theirs] = [await subscriptions.open(here.director), await subscriptions.open(there.director)];
    await change(here.director, here.own);
    await change(there.director, there.own);
    await Promise.all([ours.about(here.own), theirs.about(there.own)]);
    await settled(ours, theirs);
    expect([ours.targets, theirs.targets]).toEqual([[here.own], [there.own]]);
  });

  it('sends a director all events, a mentor those of assigned people, and a trainee their own', async () => {
    const [director, mentor, trainee] = [
      await subscriptions.open(here.director),
      await subscriptions.open(here.mentor),
      await subscriptions.open(here.trainee),
    ];
    const everything = [here.own, here.assigned, here.other];
    for (const person of everything) await change(here.director, person);
    await director.about(here.other);
    await settled(mentor, trainee);
    expect([director.targets, mentor.targets, trainee.targets]).toEqual([everything, [here.assigned], [here.own]]);
  });

  it('requires the permission of each event', async () => {
    const org = await harness.make.organization('enrollment');
    const [admin, staff, readOnly] = [
      await takeSeat(harness, org, 'admin'),
      await takeSeat(harness, org, 'staff'),
      await takeSeat(harness, org, 'read_only'),
    ];
    await setupIsPast(harness, org);
    const streams = [
      await subscriptions.open(admin),
      await subscriptions.open(staff),
      await subscriptions.open(readOnly),
    ];
    const { body: source } = await admin.client.post('/v1/webhook-sources', { name: 'Synthetic', scheme: 'standard' });
    const person = await harness.make.person(org);
    const { body: exportRequest } = await admin.client.post('/v1/exports', { kind: 'person_pdf', personId: person });
    await streams[0]!.about(exportRequest.id as string);
    await until('the export is complete', () => streams[0]!.events.at(-1)!.event.startsWith('export.completed'));
    await settled(...streams);
    const types = streams.map((stream) => [...new Set(stream.events.map(({ event }) => event))]);
    expect(source.id).toBeDefined();
    expect(types).toEqual([
      ['webhook_source.created', 'person.created', 'export.requested', 'export.completed'],
      ['webhook_source.created', 'person.created'],
      [],
    ]);
  });

  it('follows the person of an event with another target', async () => {
    const [director, mentor] = [await subscriptions.open(here.director), await subscriptions.open(here.mentor)];
    await harness.make.assignment(here.id, here.mentor.membershipId, here.other);
    const second = await harness.make.assignment(here.id, here.director.membershipId, here.own);
    await here.director.client.delete(`/v1/assignments/${second}`);
    await director.about(second);
    await settled(mentor);
    expect(director.events.map(({ event }) => event)).toEqual([
      'assignment.created',
      'assignment.created',
      'assignment.ended',
    ]);
    expect(mentor.targets).toEqual([here.other]);
  });

  it('applies to raw SQL in a session too, and no member can write the order of events', async () => {
    await change(here.director, here.assigned);
    await here.director.client.patch('/v1/organizations/current', { idleMinutes: 30 });
    const raw = await RawSql.open(harness.env.DATABASE_URL!);
    const visiblePeople = async ({ client }: Seat) => {
      await raw.enter(sessionSecret(client));
      const { rows } = await raw.attempt('SELECT DISTINCT org_id, person_id FROM realtime_events');
      await raw.rollback();
      return rows.map(({ org_id: org, person_id: person }) => (org === here.id ? person : 'foreign'));
    };
    // null: an event about the organization, which all members may read
    expect(new Set(await visiblePeople(here.trainee))).toEqual(new Set([null, here.own]));
    expect(new Set(await visiblePeople(here.mentor))).toEqual(new Set([null, here.assigned]));
    await raw.enter(sessionSecret(here.director.client));
    const insert = (columns: string, values: string) =>
      raw.attempt(
        `INSERT INTO realtime_events (org_id, id, type, permission, occurred_at${columns})
           VALUES ('${here.id}', gen_random_uuid(), 'person.created', 'person:read', now()${values})`,
      );
    expect([(await insert('', '')).code, (await insert(', transaction_id', ", '1'")).code]).toEqual([null, '42501']);
    await raw.rollback();
    await raw.end();
  });
});

describe('after a revocation between two events', () => {
  const REVOCATIONS: [what: string, revoke: (program: Program) => Promise<unknown>][] = [
    [
      'the permission of the role',
      ({ director }) => director.client.put('/v1/roles/mentor/permissions/person:read', { scope: 'none' }),
    ],
    [
      'the scope of the role',
      ({ director }) => director.client.put('/v1/roles/mentor/permissions/person:read', { scope: 'own' }),
    ],
    [
      'the permission of the member',
      ({ director, mentor }) =>
        director.client.put(`/v1/memberships/${mentor.membershipId}/permissions/person:read`, { scope: 'none' }),
    ],
    [
      'the role',
      ({ id, mentor }) =>
        superuser(`UPDATE memberships SET role = 'trainee' WHERE org_id = $1 AND id = $2`, id, mentor.membershipId),
    ],
    ['the assignment', ({ director, assignment }) => director.client.delete(`/v1/assignments/${assignment}`)],
  ];
  it.each(REVOCATIONS)('of %s, the next event is not delivered', async (_what, revoke) => {
    const [director, mentor] = [await subscriptions.open(here.director), await subscriptions.open(here.mentor)];
    await change(here.director, here.assigned);
    await mentor.about(here.assigned);
    const received = mentor.heard.length;
    await revoke(here);
    await change(here.director, here.assigned);
    await until('the director receives both', () => director.targets.filter((id) => id === here.assigned).length >= 2);
    await settled(mentor);
    expect([mentor.closed, mentor.heard.length]).toEqual([false, received]);
  });

  it('that is undone, the next event is delivered', async () => {
    const mentor = await subscriptions.open(here.mentor);
    await here.director.client.put('/v1/roles/mentor/permissions/person:read', { scope: 'none' });
    await change(here.director, here.assigned);
    await settled(mentor);
    await here.director.client.delete('/v1/roles/mentor/permissions/person:read');
    const assignment = await harness.make.assignment(here.id, here.mentor.membershipId, here.other);
    await mentor.about(here.other);
    expect([assignment, mentor.targets]).toEqual([expect.any(String), [here.other]]);
  });
});

describe('a stream ends with an error code', () => {
  const session = 'WHERE org_id = $1 AND membership_id = $2';
  const ENDINGS: [code: string, what: string, how: (program: Program) => Promise<unknown>][] = [
    ['unauthenticated', 'a sign-out', ({ mentor }) => mentor.client.post('/v1/auth/logout')],
    [
      'unauthenticated',
      'the end of the membership and its sessions',
      ({ director, mentor }) => director.client.delete(`/v1/memberships/${mentor.membershipId}`),
    ],
    [
      'membership_ended',
      'the end of the membership',
      ({ id, mentor }) =>
        superuser(`UPDATE memberships SET status = 'ended' WHERE org_id = $1 AND id = $2`, id, mentor.membershipId),
    ],
    [
      'session_expired',
      'an idle timeout',
      ({ id, mentor }) =>
        superuser(`UPDATE sessions SET last_seen_at = now() - interval '1 day' ${session}`, id, mentor.membershipId),
    ],
    [
      'session_expired',
      'the end of the session',
      ({ id, mentor }) => superuser(`UPDATE sessions SET expires_at = now() ${session}`, id, mentor.membershipId),
    ],
    [
      'organization_suspended',
      'a suspension of the organization',
      ({ id }) => superuser(`UPDATE organizations SET status = 'suspended' WHERE id = $1`, id),
    ],
    [
      'mfa_enrollment_required',
      'a new MFA requirement',
      ({ id }) => superuser('UPDATE organizations SET require_mfa = true WHERE id = $1', id),
    ],
    [
      'sign_in_method_not_allowed',
      'a ban of password sign-in',
      ({ id }) => superuser(`UPDATE organizations SET allowed_sign_in = '{saml}' WHERE id = $1`, id),
    ],
    [
      'sso_required',
      'the enforcement of single sign-on',
      ({ id }) => superuser('UPDATE organizations SET require_sso = true WHERE id = $1', id),
    ],
  ];
  it.each(ENDINGS)('%s after %s, without waiting for an event', async (code, _what, how) => {
    const stream = await subscriptions.open(here.mentor);
    await how(here);
    expect(await stream.ended()).toBe(code);
    expect(stream.response.complete).toBe(true);
  });

  it.each(ENDINGS)('%s after %s, before the next event', async (code, _what, how) => {
    const stream = await subscriptions.open(here.mentor);
    await stream.settled();
    await how(here);
    // an operator's change that the mentor would receive
    await harness.make.assignment(here.id, here.mentor.membershipId, here.other);
    expect(await stream.ended()).toBe(code);
    expect(stream.targets).not.toContain(here.other);
  });
});

describe('a program with an API key', () => {
  it('receives events within the rights of both the key and its member, until the key is revoked', async () => {
    const { id, key } = await madeKey(here.director.client, ['person:read']);
    const [director, machine] = [await subscriptions.open(here.director), await subscriptions.openByKey(key)];
    await change(here.director, here.other);
    await here.director.client.patch('/v1/organizations/current', { idleMinutes: 30 });
    await director.about(here.id);
    await settled(machine);
    expect([director.targets, machine.targets]).toEqual([[here.other, here.id], [here.other]]);
    await here.director.client.delete(`/v1/api-keys/${id}`);
    await change(here.director, here.own);
    expect([await machine.ended(), machine.targets]).toEqual(['unauthenticated', [here.other]]);
  });
});

describe('a subscription', () => {
  it('does not count as activity: open streams and received events do not prevent the idle timeout', async () => {
    const mine = 'WHERE org_id = $1 AND membership_id = $2';
    await superuser(
      `UPDATE sessions SET last_seen_at = now() - interval '5 minutes' ${mine}`,
      here.id,
      here.mentor.membershipId,
    );
    const minutes = async () =>
      (
        await superuser(
          `SELECT round(extract(epoch FROM now() - last_seen_at) / 60)::integer AS minutes FROM sessions ${mine}`,
          here.id,
          here.mentor.membershipId,
        )
      )[0]!.minutes;
    const stream = await subscriptions.open(here.mentor);
    await change(here.director, here.assigned);
    await stream.about(here.assigned);
    await stream.settled();
    expect(await minutes()).toBe(5);
    await here.mentor.client.get('/v1/people');
    await until('a request of the member updated the session', async () => (await minutes()) === 0);
  });

  it('has a limit per session and one per process', async () => {
    const limits = harness.api.get(RealtimeLimits);
    const { streamsOfSession, streamsOfProcess } = limits;
    const open = () => subscriptions.open(here.director);
    for (let i = 0; i < streamsOfSession; i += 1) await open();
    await expect(open()).rejects.toThrow(/429.*stream_limit_reached/);
    await subscriptions.open(here.mentor);
    limits.streamsOfProcess = harness.api.get(Channels).open;
    await expect(subscriptions.open(here.trainee)).rejects.toThrow(/503.*unavailable/);
    limits.streamsOfProcess = streamsOfProcess;
    subscriptions.closeAll();
    await until('the streams have ended', () => harness.api.get(Channels).open === 0);
    await open();
  });

  it('answers HEAD and ends', async () => {
    const { status, headers } = await here.director.client.send('HEAD', '/v1/events');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    await until('no stream is left', () => harness.api.get(Channels).open === 0);
  });
});
