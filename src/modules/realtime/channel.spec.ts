import { beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../../test/harness/until.js';
import { Channel } from './channel.js';
import type { Subscription } from './subscription.js';
import { RealtimeLimits } from './realtime-limits.js';
import type { Head } from './realtime.repository.js';

let heads: (Head | null | Error)[];
let asked: number;
let delivered: string[];
let failures: unknown[];
let feed: Channel;

function listener(name: string, { behind = true, fails = false, mayAsk = true } = {}): Subscription {
  return {
    isBehind: () => behind,
    deliver: async () => {
      if (fails) throw new Error(name);
      delivered.push(name);
    },
    head: async () => {
      if (!mayAsk) return null;
      asked += 1;
      const head = heads.length > 1 ? heads.shift()! : heads[0]!;
      if (head instanceof Error) throw head;
      return head;
    },
  } as unknown as Subscription;
}

beforeEach(() => {
  heads = [{ newest: '10', waiting: false }];
  asked = 0;
  delivered = [];
  failures = [];
  feed = new Channel(Object.assign(new RealtimeLimits(), { restMillis: 1, pollMs: 4 }), (error) =>
    failures.push(error),
  );
});

describe('a feed', () => {
  it('asks once for all, and has those read who are behind', async () => {
    for (const one of [listener('a'), listener('b', { behind: false }), listener('c')]) feed.subscriptions.add(one);
    feed.poll();
    await until('a and c have read', () => delivered.length === 2);
    expect([asked, delivered]).toEqual([1, ['a', 'c']]);
  });

  it('asks as the first who still may', async () => {
    for (const one of [listener('a', { mayAsk: false }), listener('b')]) feed.subscriptions.add(one);
    feed.poll();
    await until('b has asked', () => asked === 1);
  });

  it('looks once more after the look under way, however often it is woken', async () => {
    feed.subscriptions.add(listener('a'));
    for (let i = 0; i < 50; i += 1) feed.poll();
    await until('it has looked again', () => delivered.length === 2);
    feed.poll();
    await until('it looks when it is woken next', () => delivered.length === 3);
    expect(asked).toBe(3);
  });

  it('looks again by itself for what waits behind a transaction that is not over', async () => {
    heads = [
      { newest: null, waiting: true },
      { newest: null, waiting: true },
      { newest: '10', waiting: false },
    ];
    feed.subscriptions.add(listener('a'));
    feed.poll();
    await until('it was there in the end', () => delivered.length === 1);
    expect(asked).toBe(3);
  });

  it('tells the others when one fails, and is not stopped by a look that failed', async () => {
    heads = [new Error('away'), { newest: '10', waiting: false }];
    for (const one of [listener('a', { fails: true }), listener('b')]) feed.subscriptions.add(one);
    feed.poll();
    await until('the failure is told', () => failures.length === 1);
    feed.poll();
    await until('b has read', () => delivered.length === 1);
    await until('the failure of a is told', () => failures.length === 2);
    expect(failures.map((error) => (error as Error).message)).toEqual(['away', 'a']);
  });
});
