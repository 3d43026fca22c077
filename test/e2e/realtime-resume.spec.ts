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
let listening: Listening;
let here: Program;
let there: Program;
const writers: pg.Client[] = [];

beforeAll(async () => {
  harness = await Harness.start();
  second = await anotherApi(harness);
  for (const api of [harness.api, second.app]) hasten(api);
  listening = new Listening(harness);
  here = await makeProgram(harness);
  there = await makeProgram(harness);
});
afterEach(async () => {
  listening.closeAll();
  await Promise.all(writers.splice(0).map((writer) => writer.end()));
});
afterAll(async () => {
  await second.app.close();
  await harness.stop();
});

/** A transaction of the worker that has recorded an event about the organization and is not over; `commit` ends it. */
async function underWay(): Promise<{ target: string; commit: () => Promise<unknown> }> {
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

describe('order', () => {
  it('is kept where a transaction that began first commits last', async () => {
    const stream = await listening.open(here.director);
    const first = await underWay();
    const last = await underWay();
    await last.commit();
    await stream.settled();
    expect(stream.events).toEqual([]);
    await first.commit();
    await stream.about(last.target);
    expect(stream.targets).toEqual([first.target, last.target]);
  });

  it('is the same for all, nothing missed or twice, across processes while transactions end in disorder', async () => {
    const whole = await listening.open(here.director);
    const hopped: string[] = [];
    let lastEventId = whole.lastEventId;
    let hops = 0;
    await until('a first place', () => (lastEventId = whole.lastEventId) !== '');
    const hop = async (): Promise<void> => {
      const stream = await listening.open(here.director, {
        lastEventId,
        url: hops++ % 2 === 0 ? second.url : harness.url,
      });
      await until('something new, or a sign of life', () => stream.events.length >= 1 || stream.beats >= 2);
      stream.close();
      hopped.push(...(stream.targets as string[]));
      ({ lastEventId } = stream);
    };
    const expected: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      const open = await Promise.all(Array.from({ length: 8 }, underWay));
      expected.push(...open.map(({ target }) => target));
      for (const { commit } of open.toSorted(() => Math.random() - 0.5)) {
        await commit();
        await hop();
      }
      await Promise.all(writers.splice(0).map((writer) => writer.end()));
    }
    await until('all was heard in one go', () => whole.events.length >= expected.length);
    while (hopped.length < expected.length) await hop();
    await hop();
    expect(hopped).toEqual(whole.targets);
    expect(hopped.toSorted()).toEqual(expected.toSorted());
  });
});

describe('a Last-Event-ID', () => {
  const places: { ours: string; theirs: string } = { ours: '', theirs: '' };
  beforeAll(async () => {
    for (const [whose, seat] of [
      ['ours', here.director],
      ['theirs', there.director],
    ] as const) {
      const stream = await listening.open(seat);
      await until('a place', () => stream.lastEventId !== '');
      places[whose] = stream.lastEventId;
    }
  });

  it('of before an outage brings what happened meanwhile, seen with the rights of now', async () => {
    const { lastEventId } = await listening.open(here.mentor).then(async (stream) => {
      await stream.settled();
      stream.close();
      return stream;
    });
    await change(here.director, here.assigned);
    const assignment = await harness.make.assignment(here.id, here.mentor.membershipId, here.other);
    await here.director.client.delete(`/v1/assignments/${here.assignment}`);
    const stream = await listening.open(here.mentor, { lastEventId, url: second.url });
    await stream.about(here.other);
    await stream.settled();
    expect([assignment, stream.targets]).toEqual([expect.any(String), [here.other]]);
  });

  it('that is made up, damaged, cut or of another organization is refused: 400', async () => {
    const damaged = `${places.ours.slice(0, -2)}${places.ours.endsWith('AA') ? 'BB' : 'AA'}`;
    const forged = [
      places.theirs,
      damaged,
      places.ours.slice(0, 20),
      `${places.ours}AAAA`,
      'null',
      '0',
      '1',
      newId(),
      Buffer.from('["1","0",9999999999]').toString('base64url'),
      `${places.ours}, ${places.ours}`,
      'x'.repeat(4_000),
    ];
    for (const lastEventId of forged) {
      await expect(listening.open(here.director, { lastEventId })).rejects.toThrow(
        /^400 .*"invalid_request".*Last-Event-ID/,
      );
    }
  });

  it('says nothing that can be read', () => {
    const read = [places.ours, Buffer.from(places.ours, 'base64url').toString('latin1')];
    expect(read.filter((text) => /\["\d+","[0-9a-f-]{36}"/.test(text))).toEqual([]);
  });

  it('is good for a day, and refused for longer rather than leave a gap: 409', async () => {
    const stream = await listening.open(here.director, { lastEventId: places.ours });
    await stream.settled();
    const { lastEventId } = stream;
    harness.advance(23 * 3_600);
    await (await listening.open(here.director, { lastEventId })).settled();
    harness.advance(2 * 3_600);
    await expect(listening.open(here.director, { lastEventId })).rejects.toThrow(/^409 .*last_event_id_expired/);
    harness.advance(-25 * 3_600);
  });
});

describe('waking', () => {
  it('comes from every process by Redis, without waiting for a look', async () => {
    const api = await anotherApi(harness);
    Object.assign(api.app.get(RealtimeLimits), { pollMs: 3_600_000, heartbeatMs: 3_600_000 });
    const stream = await listening.open(here.director, { url: api.url });
    await until('a change by the API was heard', async () => {
      await change(here.director, here.own); // again: the first may come before this process has subscribed
      return stream.targets.includes(here.own);
    });
    const person = await harness.make.person(here.id); // by the worker's role
    await stream.about(person);
    listening.closeAll();
    await api.app.close();
  });

  it('is not needed: without Redis all is heard', async () => {
    const port = await freePort();
    const api = await anotherApi(harness, { REDIS_URL: `redis://127.0.0.1:${port}` });
    hasten(api.app);
    expect((await fetch(`${api.url}/health/ready`)).status).toBe(503);
    const stream = await listening.open(here.director, { url: api.url });
    await change(here.director, here.own);
    await stream.about(here.own);
    listening.closeAll();
    await api.app.close();
  });
});

describe('a process', () => {
  it('keeps no transaction open for its streams, and serves requests beside them on a single connection', async () => {
    const api = await anotherApi(harness, { DATABASE_POOL_SIZE: '1' });
    hasten(api.app);
    const streams = await Promise.all(
      [here.director, here.mentor, there.director].map((seat) => listening.open(seat, { url: api.url })),
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
    listening.closeAll();
    await api.app.close();
  });

  it('goes on when its connections to the database are cut', async () => {
    const stream = await listening.open(here.director);
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

  it('drops a client that does not read, which comes back by its last id and misses nothing', async () => {
    const limits = second.app.get(RealtimeLimits);
    const { stallMs: stallMillis } = limits;
    limits.stallMs = 300;
    const slow = await listening.open(here.director, { url: second.url });
    await slow.settled();
    slow.response.pause();
    await insertMany(60_000);
    await until('the process has let go', () => second.app.get(Channels).open === 0);
    limits.stallMs = stallMillis;
    slow.response.resume();
    await until('the connection is gone', () => slow.closed);
    const heard = slow.targets.length;
    expect(heard).toBeLessThan(60_000);
    const rest = await listening.open(here.director, { url: second.url, lastEventId: slow.lastEventId });
    await until('the rest was heard', () => heard + rest.targets.length >= 60_000);
    await rest.settled();
    const numbers = [...slow.targets, ...rest.targets].map(Number).toSorted((a, b) => a - b);
    expect(numbers.length).toBe(60_000);
    expect(numbers.every((number, i) => number === i + 1)).toBe(true);
  });

  it('ends its streams when it is told to stop, and is not kept by connections without a request', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const program = new Process('main', { ...harness.env, HOST: '127.0.0.1', PORT: String(port) });
    program.start();
    await ready(url);
    const silent = connect(port, '127.0.0.1').on('error', () => undefined);
    const streams: EventStream[] = await Promise.all(
      [here.director, here.mentor].map((seat) => listening.open(seat, { url })),
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
