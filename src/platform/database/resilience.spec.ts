import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DatabaseUnavailable } from './errors.js';
import { Resilience } from './resilience.js';

const refused = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

let resilience: Resilience;
beforeEach(() => {
  jest.useFakeTimers();
  resilience = new Resilience();
});
afterEach(() => {
  jest.useRealTimers();
});

/** Advances the timers until a call with its retries has settled. */
async function outcome<T>(call: Promise<T>): Promise<T | Error> {
  const settled = call.then(
    (value) => value,
    (error: Error) => error,
  );
  await jest.advanceTimersByTimeAsync(10_000);
  return settled;
}

function failing(times: number) {
  let calls = 0;
  return {
    fn: () => ((calls += 1) <= times ? Promise.reject(refused()) : Promise.resolve('there')),
    calls: () => calls,
  };
}

/** Fails three times, which opens the circuit. */
const openCircuit = () => outcome(resilience.connecting(() => Promise.reject(refused())));

describe('acquiring a connection', () => {
  it('returns the result of the function', async () => {
    expect(await outcome(resilience.connecting(() => Promise.resolve('there')))).toBe('there');
  });

  it.each([1, 2])('retries after %i failures without an error for the caller', async (times) => {
    const { fn, calls } = failing(times);
    expect(await outcome(resilience.connecting(fn))).toBe('there');
    expect(calls()).toBe(times + 1);
  });

  it('waits between retries', async () => {
    const { fn, calls } = failing(1);
    const call = resilience.connecting(fn);
    await jest.advanceTimersByTimeAsync(0);
    expect(calls()).toBe(1);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(calls()).toBe(2);
    await call;
  });

  it('throws DatabaseUnavailable after three consecutive failures', async () => {
    const { fn, calls } = failing(99);
    const error = await outcome(resilience.connecting(fn));
    expect(error).toBeInstanceOf(DatabaseUnavailable);
    expect(calls()).toBe(3);
  });

  it.each([
    ['a unique key', '23505'],
    ['a syntax error', '42601'],
    ['a policy', '42501'],
    ['a timeout of the statement', '57014'],
  ])('does not retry after %s', async (_what, code) => {
    let calls = 0;
    const error = await outcome(
      resilience.connecting(() => {
        calls += 1;
        return Promise.reject(Object.assign(new Error('refused'), { code }));
      }),
    );
    expect([calls, error]).toEqual([1, expect.objectContaining({ code })]);
  });

  it.each(['25006', '53100', '53300', '57P01', '57P02', '57P03'])(
    'counts %s of the server as a failure, and reports each one',
    async (code) => {
      const failures: unknown[] = [];
      resilience = new Resilience((error) => failures.push(error));
      const error = Object.assign(new Error('refused'), { code });
      expect(await outcome(resilience.connecting(() => Promise.reject(error)))).toBeInstanceOf(DatabaseUnavailable);
      expect(failures).toEqual([error, error, error]);
    },
  );

  it('counts consecutive failures only and resets after a success', async () => {
    for (let i = 0; i < 5; i += 1) expect(await outcome(resilience.connecting(failing(2).fn))).toBe('there');
  });
});

describe('the open circuit', () => {
  it('fails immediately for thirty seconds without contacting the database', async () => {
    await openCircuit();
    const { fn, calls } = failing(0);
    expect(await outcome(resilience.connecting(fn))).toBeInstanceOf(DatabaseUnavailable);
    await jest.advanceTimersByTimeAsync(9_000);
    expect(await outcome(resilience.connecting(fn))).toBeInstanceOf(DatabaseUnavailable);
    expect(calls()).toBe(0);
  });

  it('tells callers the rest of the thirty seconds, rounded up', async () => {
    const waits: number[] = [];
    const ask = async () => {
      const error = await resilience.connecting(() => Promise.resolve()).catch((caught: unknown) => caught);
      waits.push((error as DatabaseUnavailable).retryAfterSeconds);
    };
    const failed = resilience.connecting(() => Promise.reject(refused())).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(((await failed) as DatabaseUnavailable).retryAfterSeconds).toBe(30);
    await ask();
    await jest.advanceTimersByTimeAsync(10_000);
    await ask();
    await jest.advanceTimersByTimeAsync(17_000);
    await ask();
    expect(waits[0]! - waits[1]!).toBe(10);
    expect(waits[2]).toBeGreaterThanOrEqual(1);
    expect(waits[2]).toBeLessThanOrEqual(3);
  });

  it('allows one call after thirty seconds and closes when it succeeds', async () => {
    await openCircuit();
    await jest.advanceTimersByTimeAsync(31_000);
    const { fn, calls } = failing(0);
    expect(await outcome(resilience.connecting(fn))).toBe('there');
    expect(await outcome(resilience.connecting(fn))).toBe('there');
    expect(calls()).toBe(2);
  });

  it('opens again when that call fails', async () => {
    await openCircuit();
    await jest.advanceTimersByTimeAsync(31_000);
    const { fn, calls } = failing(99);
    expect(await outcome(resilience.connecting(fn))).toBeInstanceOf(DatabaseUnavailable);
    expect(calls()).toBe(1);
    expect(await outcome(resilience.connecting(failing(0).fn))).toBeInstanceOf(DatabaseUnavailable);
  });
});
