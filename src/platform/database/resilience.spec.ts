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

/** Lets a call run to its end, however long it backs off. */
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

/** Three failures, which open the circuit. */
const breakIt = () => outcome(resilience.connecting(() => Promise.reject(refused())));

describe('taking a connection', () => {
  it('gives what the function gives', async () => {
    expect(await outcome(resilience.connecting(() => Promise.resolve('there')))).toBe('there');
  });

  it.each([1, 2])('tries again after %i failures, so that the caller notices nothing', async (times) => {
    const { fn, calls } = failing(times);
    expect(await outcome(resilience.connecting(fn))).toBe('there');
    expect(calls()).toBe(times + 1);
  });

  it('waits between tries', async () => {
    const { fn, calls } = failing(1);
    const call = resilience.connecting(fn);
    await jest.advanceTimersByTimeAsync(0);
    expect(calls()).toBe(1);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(calls()).toBe(2);
    await call;
  });

  it('gives up after three failures in a row, and says that the database cannot be reached', async () => {
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
  ])('does not repeat what fails by %s', async (_what, code) => {
    let calls = 0;
    const error = await outcome(
      resilience.connecting(() => {
        calls += 1;
        return Promise.reject(Object.assign(new Error('refused'), { code }));
      }),
    );
    expect([calls, error]).toEqual([1, expect.objectContaining({ code })]);
  });

  it('counts failures in a row only: a success closes the account', async () => {
    for (let i = 0; i < 5; i += 1) expect(await outcome(resilience.connecting(failing(2).fn))).toBe('there');
  });
});

describe('the open circuit', () => {
  it('fails at once for thirty seconds, without asking the database', async () => {
    await breakIt();
    const { fn, calls } = failing(0);
    expect(await outcome(resilience.connecting(fn))).toBeInstanceOf(DatabaseUnavailable);
    await jest.advanceTimersByTimeAsync(9_000);
    expect(await outcome(resilience.connecting(fn))).toBeInstanceOf(DatabaseUnavailable);
    expect(calls()).toBe(0);
  });

  it('lets one call through after thirty seconds, and closes when it succeeds', async () => {
    await breakIt();
    await jest.advanceTimersByTimeAsync(31_000);
    const { fn, calls } = failing(0);
    expect(await outcome(resilience.connecting(fn))).toBe('there');
    expect(await outcome(resilience.connecting(fn))).toBe('there');
    expect(calls()).toBe(2);
  });

  it('opens again when that call fails', async () => {
    await breakIt();
    await jest.advanceTimersByTimeAsync(31_000);
    const { fn, calls } = failing(99);
    expect(await outcome(resilience.connecting(fn))).toBeInstanceOf(DatabaseUnavailable);
    expect(calls()).toBe(1);
    expect(await outcome(resilience.connecting(failing(0).fn))).toBeInstanceOf(DatabaseUnavailable);
  });
});
