import { expect, it } from '@jest/globals';
import { ensurer, type Ensure } from './ensure.js';

type Reason = 'too_long' | 'missing';
const made: string[] = [];
const ensure: Ensure<[reason: Reason, detail?: string]> = ensurer((reason, detail) => {
  made.push(reason);
  return new Error(detail === undefined ? reason : `${reason}: ${detail}`);
});

it('throws its error with the given reason, and creates none when the condition holds', () => {
  const value = [undefined, 'text'].at(1);
  ensure(value !== undefined, 'missing');
  expect(value.length).toBe(4); // compiles only when `ensure` narrows
  expect(made).toEqual([]);
  expect(() => ensure(value.length > 4, 'too_long')).toThrow(new Error('too_long'));
  expect(() => ensure(false, 'missing', 'name')).toThrow(new Error('missing: name'));
  expect(made).toEqual(['too_long', 'missing']);
});

it('accepts only the declared reasons', () => {
  // @ts-expect-error another reason does not compile
  expect(() => ensure(false, 'other')).toThrow('other');
});
