import { expect, it } from '@jest/globals';
import '../problem/problem.feature.js';
import { Problem } from '../problem/problem.js';
import { FormRedisplay, redisplayForm, type FormMessages } from './form-redisplay.js';

const MESSAGES: FormMessages = { invalid_request: 'The input is not valid.' };

function redisplayed(error: unknown): unknown {
  try {
    return redisplayForm(error, MESSAGES, (message) => `<form>${message}</form>`);
  } catch (thrown) {
    return thrown;
  }
}

it('throws the form with the messages of the error and its fields and keeps code, headers, and cause', () => {
  const cause = new Error('why');
  const errors = [{ field: 'email', message: 'must be an e-mail address' }];
  const thrown = redisplayed(
    new Problem('invalid_request', { detail: 'x', errors, headers: { 'Retry-After': '2' }, cause }),
  );
  expect(thrown).toBeInstanceOf(FormRedisplay);
  expect(thrown).toMatchObject({
    code: 'invalid_request',
    detail: 'x',
    headers: { 'Retry-After': '2' },
    cause,
    page: '<form>The input is not valid. It must be an e-mail address.</form>',
  });
});

it.each([new Problem('not_found'), new Error('internal')])('rethrows an error without a message', (error) => {
  expect(redisplayed(error)).toBe(error);
});
