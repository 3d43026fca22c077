import { describe, expect, it } from '@jest/globals';
import { errorCode, isConnectionError, isUniqueViolation } from './errors.js';

const withCode = (code: string) => Object.assign(new Error('x'), { code });

describe('a lost connection', () => {
  it.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', '57P01', '57P02', '57P03', '53300', '08006', '08P01'])(
    'is recognized by its code %s',
    (code) => {
      expect(isConnectionError(withCode(code))).toBe(true);
    },
  );

  it.each([
    'Connection terminated unexpectedly',
    'Client was closed and is not queryable',
    'timeout exceeded when trying to connect',
    'Query read timeout',
  ])('is recognized by the message of the driver: %s', (message) => {
    expect(isConnectionError(new Error(message))).toBe(true);
  });

  it('is recognized in an AggregateError of one attempt (IPv4 and IPv6)', () => {
    expect(isConnectionError(new AggregateError([withCode('ECONNREFUSED')]))).toBe(true);
  });

  it.each([
    withCode('23505'),
    withCode('42501'),
    withCode('57014'),
    new Error('something else'),
    'ECONNREFUSED',
    null,
    undefined,
    5,
  ])('is not recognized in %p', (error) => {
    expect(isConnectionError(error)).toBe(false);
  });
});

describe('a unique violation', () => {
  it('is recognized by its code and, if given, by its constraint', () => {
    const error = Object.assign(withCode('23505'), { constraint: 'people_pkey' });
    expect([
      isUniqueViolation(error),
      isUniqueViolation(error, 'people_pkey'),
      isUniqueViolation(error, 'other'),
    ]).toEqual([true, true, false]);
    expect(isUniqueViolation(withCode('23503'))).toBe(false);
    expect(errorCode('23505')).toBeUndefined();
  });
});
