import { describe, expect, it, jest } from '@jest/globals';
import { MemoryRedis } from '../../../../test/harness/saml-sign-in.js';
import { AssertionReplayCache, PendingRequests, type SignInRedis } from './request-store.js';

const binding = { connectionId: 'c', requestId: '_r', browser: 'b' };
const request = { createdAt: '2026-01-01T00:00:00.000Z', returnTo: '/people' };

describe('PendingRequests', () => {
  it('returns a pending request once', async () => {
    const requests = new PendingRequests(new MemoryRedis());
    await requests.remember(binding, request);
    expect(await requests.consume(binding)).toEqual({ ...request, requestId: '_r', browser: 'b' });
    await expect(requests.consume(binding)).rejects.toMatchObject({ reason: 'request_unknown' });
  });

  it.each([
    ['connection', { ...binding, connectionId: 'd' }],
    ['request', { ...binding, requestId: '_s' }],
    ['browser', { ...binding, browser: 'x' }],
    ['shifted boundary between the parts', { connectionId: 'c_', requestId: 'r', browser: 'b' }],
  ])('rejects another %s and keeps the request for the right one', async (_name, other) => {
    const requests = new PendingRequests(new MemoryRedis());
    await requests.remember(binding, request);
    await expect(requests.consume(other)).rejects.toMatchObject({ reason: 'request_unknown' });
    expect(await requests.consume(binding)).toBeDefined();
  });

  it('stores a request for ten minutes under a hashed key', async () => {
    const set = jest.fn<SignInRedis['set']>().mockResolvedValue('OK');
    await new PendingRequests({ set, getdel: async () => null }).remember(binding, request);
    expect(set).toHaveBeenCalledWith(
      expect.stringMatching(/^sso:request:[\w-]{43}$/),
      expect.any(String),
      'PX',
      600_000,
      'NX',
    );
  });

  it('rejects the id of a request that is already pending', async () => {
    const requests = new PendingRequests(new MemoryRedis());
    await requests.remember(binding, request);
    await expect(requests.remember(binding, request)).rejects.toMatchObject({ reason: 'request_unknown' });
  });

  it('rejects the sign-in when the store does not answer', async () => {
    jest.useFakeTimers();
    const silent: SignInRedis = { set: () => new Promise(() => {}), getdel: () => new Promise(() => {}) };
    const rejection = expect(new PendingRequests(silent).consume(binding)).rejects.toMatchObject({
      reason: 'unavailable',
    });
    await jest.advanceTimersByTimeAsync(2000);
    await rejection;
    jest.useRealTimers();
  });
});

describe('AssertionReplayCache', () => {
  it('accepts an assertion once for each connection', async () => {
    const replays = new AssertionReplayCache(new MemoryRedis());
    await replays.claim('c', '_a', 2000, 1000);
    await replays.claim('d', '_a', 2000, 1000);
    await expect(replays.claim('c', '_a', 2000, 1000)).rejects.toMatchObject({ reason: 'assertion_replayed' });
  });

  it('remembers an assertion until it expires', async () => {
    const set = jest.fn<SignInRedis['set']>().mockResolvedValue('OK');
    await new AssertionReplayCache({ set, getdel: async () => null }).claim('c', '_a', 361_000.5, 1000);
    expect(set.mock.calls[0]?.[3]).toBe(360_001);
  });

  it('rejects an assertion while the store is unavailable', async () => {
    const redis = new MemoryRedis();
    redis.gone = true;
    await expect(new AssertionReplayCache(redis).claim('c', '_a', 2000, 1000)).rejects.toMatchObject({
      reason: 'unavailable',
    });
  });
});
