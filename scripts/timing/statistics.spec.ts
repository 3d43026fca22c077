import { describe, expect, it } from '@jest/globals';
import { mannWhitney, quantile } from './statistics.mjs';

/** Returns a deterministic generator of numbers from 0 to 1 (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe('the Mann–Whitney test', () => {
  it('matches a worked example, including ties', () => {
    expect(mannWhitney([19, 22, 16, 29, 24], [20, 11, 17, 12])).toMatchObject({ u: 17, p: expect.closeTo(0.1113, 3) });
    expect(mannWhitney([1, 2, 2, 3], [2, 3, 3, 4])).toMatchObject({ u: 3, p: expect.closeTo(0.172, 3) });
  });

  it('finds no difference between equal samples', () => {
    expect(mannWhitney([5, 5, 5], [5, 5, 5]).p).toBe(1);
    const same = Array.from({ length: 100 }, (_, i) => i);
    expect(mannWhitney(same, same).p).toBeCloseTo(1, 2);
  });

  it('has the stated false positive rate, and detects a shift of a tenth of the spread', () => {
    const next = numbers(41);
    const sample = (shift: number) => Array.from({ length: 2_000 }, () => next() + shift);
    const alarms = Array.from({ length: 200 }, () => mannWhitney(sample(0), sample(0)).p).filter(
      (p) => p < 0.05,
    ).length;
    expect(alarms).toBeGreaterThan(2);
    expect(alarms).toBeLessThan(22);
    expect(mannWhitney(sample(0), sample(0.03)).p).toBeLessThan(0.01);
  });
});

it('quantiles are between the values of a sample', () => {
  expect([
    quantile([4, 1, 3, 2], 0.5),
    quantile([4, 1, 3, 2], 0),
    quantile([4, 1, 3, 2], 1),
    quantile([7], 0.9),
  ]).toEqual([2.5, 1, 4, 7]);
});
