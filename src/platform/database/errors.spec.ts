import { describe, expect, it } from '@jest/globals';
import { errorCode, isUnavailable, isUniqueViolation } from './errors.js';

const withCode = (code: string) => Object.assign(new Error('x'), { code });

describe('a server that cannot serve the connection', () => {
  it.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'EAI_AGAIN',
    '08006',
    '08P01',
    '25006',
    '53100',
    '53300',
    '57P01',
    '57P02',
    '57P03',
    '58030',
  ])('is recognized by the code %s', (code) => {
    expect(isUnavailable(withCode(code))).toBe(true);
  });

  it.each([
    'Connection terminated unexpectedly',
    'Client was closed and is not queryable',
    'timeout exceeded when trying to connect',
    'Query read timeout',
  ])('is recognized by the message of the driver: %s', (message) => {
    expect(isUnavailable(new Error(message))).toBe(true);
  });

  it('is recognized in an AggregateError of one attempt (IPv4 and IPv6)', () => {
    expect(isUnavailable(new AggregateError([withCode('ECONNREFUSED')]))).toBe(true);
  });

  it.each([
    withCode('23505'),
    withCode('42501'),
    withCode('57014'),
    withCode('53200'),
    withCode('53400'),
    withCode('58P01'),
    withCode('25001'),
    withCode('55P03'),
    new Error('something else'),
    'ECONNREFUSED',
    null,
    undefined,
    5,
  ])('is not recognized in %p', (error) => {
    expect(isUnavailable(error)).toBe(false);
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
