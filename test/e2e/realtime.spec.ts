import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Channels } from '../../src/modules/realtime/channels.js';
import { RealtimeLimits } from '../../src/modules/realtime/realtime-limits.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { EventStream } from '../harness/event-stream.js';
import { madeKey } from '../harness/keys.js';
import { change, hasten, Listening, makeProgram, takeSeat, type Program, type Seat } from '../harness/subscriptions.js';
import { until } from '../harness/until.js';

let harness: Harness;
let listening: Listening;
let here: Program;
let there: Program;

beforeAll(async () => {
  harness = await Harness.start();
  hasten(harness.api);
  listening = new Listening(harness);
  there = await makeProgram(harness);
});
beforeEach(async () => {
  here = await makeProgram(harness);
});
afterEach(() => listening.closeAll());
afterAll(() => harness.stop());

const superuser = (text: string, ...values: unknown[]) =>
  harness.database.superuser<Record<string, unknown>>(text, values);

/** Waits until the server has looked twice more for each: what they were going to hear they have heard. */
async function settled(...streams: EventStream[]): Promise<void> {
  await Promise.all(streams.map((stream) => stream.settled()));
}

describe('a listener', () => {
  it('hears what happens, with ids, type and time, and nothing else', async () => {
    const stream = await listening.open(here.director);
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

  it('hears what the worker and operators do', async () => {
    const stream = await listening.open(here.director);
    const person = await harness.make.person(here.id);
    await stream.about(person);
    const { body } = await here.director.client.post('/v1/exports', { kind: 'person_pdf', personId: person });
    await until('the export is made', () =>
      stream.events.some(({ event, data }) => event === 'export.completed' && data.targetId === body.id),
    );
  });

  it('gets an answer that no proxy keeps or holds back', async () => {
    const { headers } = (await listening.open(here.director)).response;
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    expect(headers['content-length']).toBeUndefined();
  });

  it('hears nothing of what was undone', async () => {
    const stream = await listening.open(here.director);
    const [before] = await superuser('SELECT count(*) FROM realtime_events');
    expect((await here.director.client.patch(`/v1/people/${here.own}`, { version: 99, title: 'x' })).status).toBe(409);
    await settled(stream);
    expect(stream.heard).toEqual([]);
    expect(await superuser('SELECT count(*) FROM realtime_events')).toEqual([before]);
  });
});

describe('who hears what', () => {
  it('never crosses organizations', async () => {
    const [ours, theirs] = [await listening.open(here.director), await listening.open(there.director)];
    await change(here.director, here.own);
    await change(there.director, there.own);
    await Promise.all([ours.about(here.own), theirs.about(there.own)]);
    await settled(ours, theirs);
    expect([ours.targets, theirs.targets]).toEqual([[here.own], [there.own]]);
  });

  it('shows a director everything, a mentor the people assigned, a trainee the own record', async () => {
    const [director, mentor, trainee] = [
      await listening.open(here.director),
      await listening.open(here.mentor),
      await listening.open(here.trainee),
    ];
    const everything = [here.own, here.assigned, here.other];
    for (const person of everything) await change(here.director, person);
    await director.about(here.other);
    await settled(mentor, trainee);
    expect([director.targets, mentor.targets, trainee.targets]).toEqual([everything, [here.assigned], [here.own]]);
  });

  it('is nobody without the permission, for each event its own', async () => {
    const org = await harness.make.organization('enrollment');
    const [admin, staff, readOnly] = [
      await takeSeat(harness, org, 'admin'),
      await takeSeat(harness, org, 'staff'),
      await takeSeat(harness, org, 'read_only'),
    ];
    const streams = [await listening.open(admin), await listening.open(staff), await listening.open(readOnly)];
    const { body: source } = await admin.client.post('/v1/webhook-sources', { name: 'Synthetic', scheme: 'standard' });
    const person = await harness.make.person(org);
    const { body: asked } = await admin.client.post('/v1/exports', { kind: 'person_pdf', personId: person });
    await streams[0]!.about(asked.id as string);
    await until('the export is over', () => streams[0]!.events.at(-1)!.event.startsWith('export.completed'));
    await settled(...streams);
    const types = streams.map((stream) => [...new Set(stream.events.map(({ event }) => event))]);
    expect(source.id).toBeDefined();
    expect(types).toEqual([
      ['webhook_source.created', 'person.created', 'export.requested', 'export.completed'],
      ['webhook_source.created', 'person.created'],
      [],
    ]);
  });

  it('follows the person of an event that happened to something else', async () => {
    const [director, mentor] = [await listening.open(here.director), await listening.open(here.mentor)];
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

  it('holds for raw SQL in a session too, and nobody can write the order of events', async () => {
    await change(here.director, here.assigned);
    await here.director.client.patch('/v1/organizations/current', { idleMinutes: 30 });
    const raw = await RawSql.open(harness.env.DATABASE_URL!);
    const seen = async ({ client }: Seat) => {
      await raw.enter(sessionSecret(client));
      const { rows } = await raw.attempt('SELECT DISTINCT org_id, person_id FROM realtime_events');
      await raw.rollback();
      return rows.map(({ org_id: org, person_id: person }) => (org === here.id ? person : 'foreign'));
    };
    // null: about the organization, which all may read
    expect(new Set(await seen(here.trainee))).toEqual(new Set([null, here.own]));
    expect(new Set(await seen(here.mentor))).toEqual(new Set([null, here.assigned]));
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

describe('what is taken away between two events', () => {
  const taken: [what: string, take: (program: Program) => Promise<unknown>][] = [
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
  it.each(taken)('%s: the very next event is not heard', async (_what, take) => {
    const [director, mentor] = [await listening.open(here.director), await listening.open(here.mentor)];
    await change(here.director, here.assigned);
    await mentor.about(here.assigned);
    const heard = mentor.heard.length;
    await take(here);
    await change(here.director, here.assigned);
    await until('the director hears both', () => director.targets.filter((id) => id === here.assigned).length >= 2);
    await settled(mentor);
    expect([mentor.closed, mentor.heard.length]).toEqual([false, heard]);
  });

  it('and given again: the next one is heard', async () => {
    const mentor = await listening.open(here.mentor);
    await here.director.client.put('/v1/roles/mentor/permissions/person:read', { scope: 'none' });
    await change(here.director, here.assigned);
    await settled(mentor);
    await here.director.client.delete('/v1/roles/mentor/permissions/person:read');
    const assignment = await harness.make.assignment(here.id, here.mentor.membershipId, here.other);
    await mentor.about(here.other);
    expect([assignment, mentor.targets]).toEqual([expect.any(String), [here.other]]);
  });
});

describe('a stream ends, with the code of the problem', () => {
  const session = 'WHERE org_id = $1 AND membership_id = $2';
  const ends: [code: string, what: string, how: (program: Program) => Promise<unknown>][] = [
    ['unauthenticated', 'signing out', ({ mentor }) => mentor.client.post('/v1/auth/logout')],
    [
      'unauthenticated',
      'the membership and its sessions being ended',
      ({ director, mentor }) => director.client.delete(`/v1/memberships/${mentor.membershipId}`),
    ],
    [
      'membership_ended',
      'the membership being ended',
      ({ id, mentor }) =>
        superuser(`UPDATE memberships SET status = 'ended' WHERE org_id = $1 AND id = $2`, id, mentor.membershipId),
    ],
    [
      'session_expired',
      'the session falling idle',
      ({ id, mentor }) =>
        superuser(`UPDATE sessions SET last_seen_at = now() - interval '1 day' ${session}`, id, mentor.membershipId),
    ],
    [
      'session_expired',
      'the session expiring',
      ({ id, mentor }) => superuser(`UPDATE sessions SET expires_at = now() ${session}`, id, mentor.membershipId),
    ],
    [
      'organization_suspended',
      'the organization being suspended',
      ({ id }) => superuser(`UPDATE organizations SET status = 'suspended' WHERE id = $1`, id),
    ],
    [
      'mfa_enrollment_required',
      'a second factor being demanded',
      ({ id }) => superuser('UPDATE organizations SET require_mfa = true WHERE id = $1', id),
    ],
    [
      'sign_in_method_not_allowed',
      'passwords being shut out',
      ({ id }) => superuser(`UPDATE organizations SET allowed_sign_in = '{saml}' WHERE id = $1`, id),
    ],
    [
      'sso_required',
      'single sign-on being enforced',
      ({ id }) => superuser('UPDATE organizations SET require_sso = true WHERE id = $1', id),
    ],
  ];
  it.each(ends)('%s after %s, without waiting for an event', async (code, _what, how) => {
    const stream = await listening.open(here.mentor);
    await how(here);
    expect(await stream.ended()).toBe(code);
    expect(stream.response.complete).toBe(true);
  });

  it.each(ends)('%s after %s, before the event that follows', async (code, _what, how) => {
    const stream = await listening.open(here.mentor);
    await stream.settled();
    await how(here);
    // an operator's doing, which the mentor would hear
    await harness.make.assignment(here.id, here.mentor.membershipId, here.other);
    expect(await stream.ended()).toBe(code);
    expect(stream.targets).not.toContain(here.other);
  });
});

describe('a machine with an API key', () => {
  it('hears what both its list and its member may, until the key is ended', async () => {
    const { id, key } = await madeKey(here.director.client, ['person:read']);
    const [director, machine] = [await listening.open(here.director), await listening.openByKey(key)];
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

describe('listening', () => {
  it('is no activity: neither opening a stream nor being told keeps a session from falling idle', async () => {
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
    const stream = await listening.open(here.mentor);
    await change(here.director, here.assigned);
    await stream.about(here.assigned);
    await stream.settled();
    expect(await minutes()).toBe(5);
    await here.mentor.client.get('/v1/people');
    await until('a request of the member was seen', async () => (await minutes()) === 0);
  });

  it('has a limit for each session and one for the process', async () => {
    const limits = harness.api.get(RealtimeLimits);
    const { streamsOfSession, streamsOfProcess } = limits;
    const open = () => listening.open(here.director);
    for (let i = 0; i < streamsOfSession; i += 1) await open();
    await expect(open()).rejects.toThrow(/429.*stream_limit_reached/);
    await listening.open(here.mentor);
    limits.streamsOfProcess = harness.api.get(Channels).open;
    await expect(listening.open(here.trainee)).rejects.toThrow(/503.*unavailable/);
    limits.streamsOfProcess = streamsOfProcess;
    listening.closeAll();
    await until('the streams are gone', () => harness.api.get(Channels).open === 0);
    await open();
  });

  it('answers HEAD and is over', async () => {
    const { status, headers } = await here.director.client.send('HEAD', '/v1/events');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    await until('no stream is left', () => harness.api.get(Channels).open === 0);
  });
});
