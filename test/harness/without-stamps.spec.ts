import { expect, it } from '@jest/globals';
import { withoutStamps } from './without-stamps.js';

it('removes ids and times, and keeps a leaked date of birth in every form', () => {
  const text = '01a22cc6-5770-75e2-a306-315553374a94 2026-02-03T14:05:25.893Z 1990-02-03 1990-02-03T00:00:00.000Z';
  expect(withoutStamps(text)).toBe('# # 1990-02-03 1990-02-03T00:00:00.000Z');
});
