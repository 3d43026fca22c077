import { beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../../test/harness/until.js';
import { Channel } from './channel.js';
import type { Subscription } from './subscription.js';
import { RealtimeLimits } from './realtime-limits.js';
import type { Head } from './realtime.repository.js';

let heads: (Head | null | Error)[];
let polls: number;
let delivered: string[];
let failures: unknown[];
let channel: Channel;

function subscription(name: string, { behind = true, fails = false, canPoll = true } = {}): Subscription {
  return {
    isBehind: () => behind,
    deliver: async () => {
      if (fails) throw new Error(name);
      delivered.push(name);
    },
    head: async () => {
      if (!canPoll) return null;
      polls += 1;
      const head = heads.length > 1 ? heads.shift()! : heads[0]!;
      if (head instanceof Error) throw head;
      return head;
    },
  } as unknown as Subscription;
}

beforeEach(() => {
  heads = [{ newest: '10', waiting: false }];
  polls = 0;
  delivered = [];
  failures = [];
  channel = new Channel(Object.assign(new RealtimeLimits(), { restMs: 1, pollMs: 4 }), (error) => failures.push(error));
});

describe('a channel', () => {
  it('polls once for all subscriptions and delivers to those that are behind', async () => {
    for (const one of [subscription('a'), subscription('b', { behind: false }), subscription('c')])
      channel.subscriptions.add(one);
    channel.poll();
    await until('a and c have read', () => delivered.length === 2);
    expect([polls, delivered]).toEqual([1, ['a', 'c']]);
  });

  it('polls as the first subscription that is still authorized', async () => {
    for (const one of [subscription('a', { canPoll: false }), subscription('b')]) channel.subscriptions.add(one);
    channel.poll();
    await until('b has polled', () => polls === 1);
  });

  it('polls once more after the running poll, for any number of notifications', async () => {
    channel.subscriptions.add(subscription('a'));
    for (let i = 0; i < 50; i += 1) channel.poll();
    await until('it has polled again', () => delivered.length === 2);
    channel.poll();
    await until('it polls at the next notification', () => delivered.length === 3);
    expect(polls).toBe(3);
  });

  it('polls again without a notification while an event waits for an open transaction', async () => {
    heads = [
      { newest: null, waiting: true },
      { newest: null, waiting: true },
      { newest: '10', waiting: false },
    ];
    channel.subscriptions.add(subscription('a'));
    channel.poll();
    await until('the event is delivered', () => delivered.length === 1);
    expect(polls).toBe(3);
  });

  it('delivers to the other subscriptions when one fails, and continues after a failed poll', async () => {
    heads = [new Error('unavailable'), { newest: '10', waiting: false }];
    for (const one of [subscription('a', { fails: true }), subscription('b')]) channel.subscriptions.add(one);
    channel.poll();
    await until('the failed poll is reported', () => failures.length === 1);
    channel.poll();
    await until('b has read', () => delivered.length === 1);
    await until('the failure of a is reported', () => failures.length === 2);
    expect(failures.map((error) => (error as Error).message)).toEqual(['unavailable', 'a']);
  });
});
