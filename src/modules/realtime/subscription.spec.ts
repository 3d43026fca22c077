import { beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import '../../platform/access/access.feature.js';
import { Problem } from '../../platform/problem/index.js';
import { Subscription, type Source } from './subscription.js';
import type { Batch, LiveEvent } from './realtime.repository.js';
import { startOf, type Position } from './position.js';

const BATCH = 3;
/** Events there are, one a transaction from 10 on; what reading does; and from where it was asked. */
let there: LiveEvent[];
let asked: string[];
let failing: Error | undefined;

const event = (n: number): LiveEvent => ({
  position: { transactionId: String(n), id: `id-${n}` },
  type: 'thing.made',
  targetType: 'thing',
  targetId: String(n),
  occurredAt: new Date(n),
});
function add(count: number): void {
  for (let i = 0; i < count; i += 1) there.push(event(10 + there.length));
}

const source: Source = {
  after: async (place: Position): Promise<Batch & { audience: 'staff' }> => {
    asked.push(place.transactionId);
    await turn();
    if (failing !== undefined) throw failing;
    const from = Number(place.transactionId) - 10 + (place.id === startOf('0').id ? 0 : 1);
    const events = there.slice(from, from + BATCH);
    return {
      events,
      end: events.length === BATCH ? events.at(-1)!.position : startOf(String(10 + there.length)),
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

function heard({ stream }: Subscription): string[] {
  const text = (stream.read() as Buffer | null)?.toString() ?? '';
  return [...text.matchAll(/"targetId":"(\d+)"|"code":"(\w+)"/g)].map(([, target, code]) => target ?? code!);
}

beforeEach(() => {
  there = [];
  asked = [];
  failing = undefined;
});

describe('a listener', () => {
  it('hears everything once, in order, over as many readings as it takes', async () => {
    const one = listener();
    add(8);
    await one.deliver();
    add(2);
    await one.deliver();
    expect(heard(one)).toEqual(Array.from({ length: 10 }, (_, i) => String(10 + i)));
  });

  it('reads once more when it is called during a reading, and never twice at a time', async () => {
    const one = listener();
    add(1);
    const first = one.deliver();
    await one.deliver();
    add(1);
    await one.deliver();
    await first;
    expect(heard(one)).toEqual(['10', '11']);
    expect(asked).toEqual(['10', '12']);
  });

  it('is behind where a transaction may hold something after its place', async () => {
    const one = listener();
    expect([one.isBehind('9'), one.isBehind('10')]).toEqual([false, true]);
    add(1);
    await one.deliver();
    expect([one.isBehind('10'), one.isBehind('11')]).toEqual([false, true]);
  });

  it('ends with the problem that has come to stand in the way, and asks no more', async () => {
    const one = listener();
    add(1);
    failing = new Problem('session_expired');
    await one.deliver();
    await one.deliver();
    expect([heard(one), asked.length, one.stream.over]).toEqual([['session_expired'], 1, true]);
  });

  it('ends too when it is asked for all and may no longer ask', async () => {
    const one = listener();
    failing = new Problem('membership_ended');
    expect(await one.head()).toBeNull();
    expect(heard(one)).toEqual(['membership_ended']);
  });

  it('goes on where it was after the database was away', async () => {
    const one = listener();
    add(2);
    failing = new Error('away');
    await expect(one.deliver()).rejects.toThrow('away');
    failing = undefined;
    await one.deliver();
    expect([heard(one), one.stream.over]).toEqual([['10', '11'], false]);
  });

  it('reads nothing for a client that takes nothing, and goes on when it does', async () => {
    const one = listener();
    add(2_000);
    await one.deliver();
    const readings = asked.length;
    expect([one.stream.full, readings < 500]).toEqual([true, true]);
    await one.deliver();
    expect(asked.length).toBe(readings);
    const first = heard(one);
    await turn();
    while (!one.stream.full) await turn();
    const all = [...first, ...heard(one)];
    expect(all.length).toBeGreaterThan(first.length);
    expect(all).toEqual(there.slice(0, all.length).map(({ targetId }) => targetId));
  });

  it('shows that it lives and moves its place, where nothing happens', async () => {
    const one = listener();
    one.stream.read();
    await one.heartbeat(0);
    expect((one.stream.read() as Buffer).toString()).toBe(': \nid: p10\n\n');
    await one.heartbeat(60_000);
    expect(one.stream.read()).toBeNull();
  });
});
