import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import pg from 'pg';
import { Channels } from '../../src/modules/realtime/channels.js';
import { RealtimeLimits } from '../../src/modules/realtime/realtime-limits.js';
import { newId } from '../../src/platform/clock/id.js';
import { Harness } from '../harness/app.js';
import type { EventStream } from '../harness/event-stream.js';
import { anotherApi, change, hasten, Listening, makeProgram, type Program } from '../harness/subscriptions.js';
import { freePort, Program as Process, ready } from '../harness/processes.js';
import { until } from '../harness/until.js';

let harness: Harness;
let second: { app: NestExpressApplication; url: string };
let subscriptions: Listening;
let here: Program;
let there: Program;
const writers: pg.Client[] = [];

beforeAll(async () => {
  harness = await Harness.start();
  second = await anotherApi(harness);
  for (const api of [harness.api, second.app]) hasten(api);
  subscriptions = new Listening(harness);
  here = await makeProgram(harness);
  there = await makeProgram(harness);
});
afterEach(async () => {
  subscriptions.closeAll();
  await Promise.all(writers.splice(0).map((writer) => writer.end()));
});
afterAll(async () => {
  await second.app.close();
  await harness.stop();
});

/** Opens a worker transaction that has recorded an event about the organization. `commit` commits it. */
async function openTransaction(): Promise<{ target: string; commit: () => Promise<unknown> }> {
  const writer = new pg.Client({ connectionString: harness.env.WORKER_DATABASE_URL! });
  writers.push(writer);
  await writer.connect();
  await writer.query(`BEGIN; SELECT app.enter_organization('${here.id}')`);
  const target = newId();
  await writer.query(
    `INSERT INTO realtime_events (org_id, id, type, target_type, target_id, permission, occurred_at)
       VALUES ($1, $2, 'organization.updated', 'organization', $3, 'organization:read', now())`,
    [here.id, newId(), target],
  );
  return { target, commit: () => writer.query('COMMIT') };
}

async function insertMany(count: number): Promise<void> {
  await harness.database.superuser(
    `INSERT INTO realtime_events (org_id, id, type, target_type, target_id, permission, occurred_at)
     SELECT $1, gen_random_uuid(), 'organization.updated', 'organization', n::text, 'organization:read', now()
       FROM generate_series(1, $2) n`,
    [here.id, count],
  );
}

describe('event order', () => {
  it('follows the start of transactions when the first one commits last', async () => {
    const stream = await subscriptions.open(here.director);
    const first = await openTransaction();
    const last = await openTransaction();
    await last.commit();
    await stream.settled();
    expect(stream.events).toEqual([]);
    await first.commit();
    await stream.about(last.target);
    expect(stream.targets).toEqual([first.target, last.target]);
  });

  it('has no gaps or duplicates across processes and out-of-order commits', async () => {
    const whole = await subscriptions.open(here.director);
    const hopped: string[] = [];
    let lastEventId = whole.lastEventId;
    let hops = 0;
    await until('the stream has a first id', () => (lastEventId = whole.lastEventId) !== '');
    const hop = async (): Promise<void> => {
      const stream = await subscriptions.open(here.director, {
        lastEventId,
        url: hops++ % 2 === 0 ? second.url : harness.url,
      });
      await until('a new event or heartbeats', () => stream.events.length >= 1 || stream.beats >= 2);
      stream.close();
      hopped.push(...(stream.targets as string[]));
      ({ lastEventId } = stream);
    };
    const expected: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      const open = await Promise.all(Array.from({ length: 8 }, openTransaction));
      expected.push(...open.map(({ target }) => target));
      for (const { commit } of open.toSorted(() => Math.random() - 0.5)) {
        await commit();
        await hop();
      }
      await Promise.all(writers.splice(0).map((writer) => writer.end()));
    }
    await until('the uninterrupted stream has all events', () => whole.events.length >= expected.length);
    while (hopped.length < expected.length) await hop();
    await hop();
    expect(hopped).toEqual(whole.targets);
    expect(hopped.toSorted()).toEqual(expected.toSorted());
  });
});

describe('a Last-Event-ID', () => {
  const lastEventIds: { ours: string; theirs: string } = { ours: '', theirs: '' };
  beforeAll(async () => {
    for (const [owner, member] of [
      ['ours', here.director],
      ['theirs', there.director],
    ] as const) {
      const stream = await subscriptions.open(member);
      await until('the stream has an id', () => stream.lastEventId !== '');
      lastEventIds[owner] = stream.lastEventId;
    }
  });

  it('from before an outage returns the missed events with the current rights', async () => {
    const { lastEventId } = await subscriptions.open(here.mentor).then(async (stream) => {
      await stream.settled();
      stream.close();
      return stream;
    });
    await change(here.director, here.assigned);
    const assignment = await harness.make.assignment(here.id, here.mentor.membershipId, here.other);
    await here.director.client.delete(`/v1/assignments/${here.assignment}`);
    const stream = await subscriptions.open(here.mentor, { lastEventId, url: second.url });
    await stream.about(here.other);
    await stream.settled();
    expect([assignment, stream.targets]).toEqual([expect.any(String), [here.other]]);
  });

  it('that is forged, damaged, truncated, or of another organization is rejected: 400', async () => {
    const damaged = `${lastEventIds.ours.slice(0, -2)}${lastEventIds.ours.endsWith('AA') ? 'BB' : 'AA'}`;
    const forged = [
      lastEventIds.theirs,
      damaged,
      lastEventIds.ours.slice(0, 20),
      `${lastEventIds.ours}AAAA`,
      'null',
      '0',
      '1',
      newId(),
      Buffer.from('["1","0",9999999999]').toString('base64url'),
      `${lastEventIds.ours}, ${lastEventIds.ours}`,
      'x'.repeat(4_000),
    ];
    for (const lastEventId of forged) {
      await expect(subscriptions.open(here.director, { lastEventId })).rejects.toThrow(
        /^400 .*"invalid_request".*Last-Event-ID/,
      );
    }
  });

  it('reveals nothing readable', () => {
    const read = [lastEventIds.ours, Buffer.from(lastEventIds.ours, 'base64url').toString('latin1')];
    expect(read.filter((text) => /\["\d+","[0-9a-f-]{36}"/.test(text))).toEqual([]);
  });

  it('is valid for one day; afterwards the request is rejected because of a possible gap: 409', async () => {
    const stream = await subscriptions.open(here.director, { lastEventId: lastEventIds.ours });
    await stream.settled();
    const { lastEventId } = stream;
    harness.advance(23 * 3_600);
    await (await subscriptions.open(here.director, { lastEventId })).settled();
    harness.advance(2 * 3_600);
    await expect(subscriptions.open(here.director, { lastEventId })).rejects.toThrow(/^409 .*last_event_id_expired/);
    harness.advance(-25 * 3_600);
  });
});

describe('wake-up', () => {
  it('arrives from every process through Redis, without waiting for a poll', async () => {
    const api = await anotherApi(harness);
    Object.assign(api.app.get(RealtimeLimits), { pollMs: 3_600_000, heartbeatMs: 3_600_000 });
    const stream = await subscriptions.open(here.director, { url: api.url });
    await until('a change by the API was delivered', async () => {
      await change(here.director, here.own); // Repeat: the first change can arrive before this process has subscribed.
      return stream.targets.includes(here.own);
    });
    const person = await harness.make.person(here.id); // through the worker role
    await stream.about(person);
    subscriptions.closeAll();
    await api.app.close();
  });

  it('is optional: without Redis all events are delivered', async () => {
    const port = await freePort();
    const api = await anotherApi(harness, { REDIS_URL: `redis://127.0.0.1:${port}` });
    hasten(api.app);
    expect((await fetch(`${api.url}/health/ready`)).status).toBe(503);
    const stream = await subscriptions.open(here.director, { url: api.url });
    await change(here.director, here.own);
    await stream.about(here.own);
    subscriptions.closeAll();
    await api.app.close();
  });
});

describe('a process', () => {
  it('keeps no transaction open for its streams, and serves requests on a single connection', async () => {
    const api = await anotherApi(harness, { DATABASE_POOL_SIZE: '1' });
    hasten(api.app);
    const streams = await Promise.all(
      [here.director, here.mentor, there.director].map((member) => subscriptions.open(member, { url: api.url })),
    );
    await Promise.all(streams.map((stream) => stream.settled()));
    await change(here.director, here.own);
    await streams[0]!.about(here.own);
    const read = await Promise.all(
      Array.from({ length: 20 }, () =>
        fetch(`${api.url}/v1/people`, { headers: { cookie: here.director.client.cookieHeader } }),
      ),
    );
    expect(read.map(({ status }) => status)).toEqual(Array(20).fill(200));
    await until(
      'no transaction is open',
      async () =>
        (
          await harness.database.superuser(
            `SELECT FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
          )
        ).length === 0,
    );
    subscriptions.closeAll();
    await api.app.close();
  });

  it('continues when its database connections are cut', async () => {
    const stream = await subscriptions.open(here.director);
    await stream.settled();
    await harness.database.superuser(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
         AND usename = 'vouchsafe_app'`,
    );
    await until('requests are served again', async () => (await here.director.client.get('/v1/people')).status === 200);
    await change(here.director, here.own);
    await stream.about(here.own);
    expect(stream.closed).toBe(false);
  });

  it('drops a client that does not read, which can resume from its last id without a gap', async () => {
    const limits = second.app.get(RealtimeLimits);
    const { stallMs } = limits;
    limits.stallMs = 300;
    const slow = await subscriptions.open(here.director, { url: second.url });
    await slow.settled();
    slow.response.pause();
    await insertMany(60_000);
    await until('the process has dropped the client', () => second.app.get(Channels).open === 0);
    limits.stallMs = stallMs;
    slow.response.resume();
    await until('the connection is closed', () => slow.closed);
    const received = slow.targets.length;
    expect(received).toBeLessThan(60_000);
    const rest = await subscriptions.open(here.director, { url: second.url, lastEventId: slow.lastEventId });
    await until('the rest was delivered', () => received + rest.targets.length >= 60_000);
    await rest.settled();
    const numbers = [...slow.targets, ...rest.targets].map(Number).toSorted((a, b) => a - b);
    expect(numbers.length).toBe(60_000);
    expect(numbers.every((number, i) => number === i + 1)).toBe(true);
  });

  it('ends its streams on SIGTERM, and idle connections do not delay it', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const program = new Process('main', { ...harness.env, HOST: '127.0.0.1', PORT: String(port) });
    program.start();
    await ready(url);
    const silent = connect(port, '127.0.0.1').on('error', () => undefined);
    const streams: EventStream[] = await Promise.all(
      [here.director, here.mentor].map((member) => subscriptions.open(member, { url })),
    );
    await program.kill('SIGTERM');
    await Promise.all(streams.map((stream) => stream.ended()));
    expect(streams.map(({ response, end }) => [response.complete, end])).toEqual([
      [true, undefined],
      [true, undefined],
    ]);
    expect(program.exitCode).toBe(0);
    silent.destroy();
  });
});
