import { beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import '../../platform/access/access.feature.js';
import { Problem } from '../../platform/problem/index.js';
import { Subscription, type Source } from './subscription.js';
import type { Batch, LiveEvent } from './realtime.repository.js';
import { startOf, type Position } from './position.js';

const BATCH = 3;
/** The existing events, one per transaction from 10 on; the error of a read; and the positions that were read. */
let existing: LiveEvent[];
let readFrom: string[];
let failing: Error | undefined;

const event = (n: number): LiveEvent => ({
  position: { transactionId: String(n), id: `id-${n}` },
  type: 'thing.made',
  targetType: 'thing',
  targetId: String(n),
  occurredAt: new Date(n),
});
function add(count: number): void {
  for (let i = 0; i < count; i += 1) existing.push(event(10 + existing.length));
}

const source: Source = {
  after: async (place: Position): Promise<Batch & { audience: 'staff' }> => {
    readFrom.push(place.transactionId);
    await turn();
    if (failing !== undefined) throw failing;
    const from = Number(place.transactionId) - 10 + (place.id === startOf('0').id ? 0 : 1);
    const events = existing.slice(from, from + BATCH);
    return {
      events,
      end: events.length === BATCH ? events.at(-1)!.position : startOf(String(10 + existing.length)),
      audience: 'staff',
    };
  },
  head: async () => {
    if (failing !== undefined) throw failing;
    return { newest: '10', waiting: false };
  },
};

function listener(): Subscription {
  return new Subscription('session', startOf('10'), source, ({ transactionId }) => `p${transactionId}`);
}

function sentTo({ stream }: Subscription): string[] {
  const text = (stream.read() as Buffer | null)?.toString() ?? '';
  return [...text.matchAll(/"targetId":"(\d+)"|"code":"(\w+)"/g)].map(([, target, code]) => target ?? code!);
}

beforeEach(() => {
  existing = [];
  readFrom = [];
  failing = undefined;
});

describe('a subscription', () => {
  it('delivers every event once, in order, over several reads', async () => {
    const one = listener();
    add(8);
    await one.deliver();
    add(2);
    await one.deliver();
    expect(sentTo(one)).toEqual(Array.from({ length: 10 }, (_, i) => String(10 + i)));
  });

  it('reads once more when it is called during a read, and never twice in parallel', async () => {
    const one = listener();
    add(1);
    const first = one.deliver();
    await one.deliver();
    add(1);
    await one.deliver();
    await first;
    expect(sentTo(one)).toEqual(['10', '11']);
    expect(readFrom).toEqual(['10', '12']);
  });

  it('is behind when a transaction may have an event after its position', async () => {
    const one = listener();
    expect([one.isBehind('9'), one.isBehind('10')]).toEqual([false, true]);
    add(1);
    await one.deliver();
    expect([one.isBehind('10'), one.isBehind('11')]).toEqual([false, true]);
  });

  it('ends with the problem that the source throws, and stops reading', async () => {
    const one = listener();
    add(1);
    failing = new Problem('session_expired');
    await one.deliver();
    await one.deliver();
    expect([sentTo(one), readFrom.length, one.stream.over]).toEqual([['session_expired'], 1, true]);
  });

  it('ends when it may no longer poll for its channel', async () => {
    const one = listener();
    failing = new Problem('membership_ended');
    expect(await one.head()).toBeNull();
    expect(sentTo(one)).toEqual(['membership_ended']);
  });

  it('continues at its position after a database failure', async () => {
    const one = listener();
    add(2);
    failing = new Error('unavailable');
    await expect(one.deliver()).rejects.toThrow('unavailable');
    failing = undefined;
    await one.deliver();
    expect([sentTo(one), one.stream.over]).toEqual([['10', '11'], false]);
  });

  it('stops reading while the client does not read, and continues afterwards', async () => {
    const one = listener();
    add(2_000);
    await one.deliver();
    const readings = readFrom.length;
    expect([one.stream.full, readings < 500]).toEqual([true, true]);
    await one.deliver();
    expect(readFrom.length).toBe(readings);
    const first = sentTo(one);
    await turn();
    while (!one.stream.full) await turn();
    const all = [...first, ...sentTo(one)];
    expect(all.length).toBeGreaterThan(first.length);
    expect(all).toEqual(existing.slice(0, all.length).map(({ targetId }) => targetId));
  });

  it('sends heartbeats and advances its position without events', async () => {
    const one = listener();
    one.stream.read();
    await one.heartbeat(0);
    expect((one.stream.read() as Buffer).toString()).toBe(': \nid: p10\n\n');
    await one.heartbeat(60_000);
    expect(one.stream.read()).toBeNull();
  });
});
