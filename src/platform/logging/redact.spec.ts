import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isCardNumber, scrub } from './patterns.js';
import { redact } from './redact.js';
import { isSensitiveKey } from './sensitive-keys.js';

const digits = (length: number) => fc.stringMatching(new RegExp(`^[2-9]\\d{${length - 1}}$`));
const word = fc.stringMatching(/^[a-z]{3,10}$/);
const card = digits(15).map((head) => head + Array.from('0123456789').find((check) => isCardNumber(head + check)));

/** Values that must be redacted at any position. */
const planted = fc.oneof(
  fc.tuple(word, word).map(([user, host]) => `${user}.x@${host}.example.org`),
  fc.tuple(digits(3), digits(2), digits(4)).map((parts) => parts.join('-')),
  fc.tuple(digits(3), digits(3), digits(4)).map(([a, b, c]) => `(${a}) ${b}-${c}`),
  fc.tuple(digits(3), digits(3), digits(4)).map((parts) => `+1 ${parts.join(' ')}`),
  card,
  fc.stringMatching(/^[\w-]{20,40}$/).map((text) => `eyJ${text}.eyJ${text}.${text}`),
);

/** Nests `secret` in values of every kind. */
const around = (secret: string) => {
  const text = fc.tuple(fc.lorem(), fc.lorem()).map(([before, after]) => `${before} ${secret} ${after}`);
  return fc.letrec((tie) => ({
    any: fc.oneof({ depthSize: 'small' }, text, tie('list'), tie('object'), tie('error'), tie('map')),
    list: fc.tuple(fc.jsonValue(), tie('any')),
    object: fc
      .tuple(fc.constantFrom('note', 'a', 'result', 'items'), tie('any'))
      .map(([key, value]) => ({ [key]: value })),
    error: fc.tuple(text, tie('any')).map(([message, cause]) => new Error(message, { cause })),
    map: fc.tuple(word, tie('any')).map(([key, value]) => new Map([[key, value]])),
  })).any;
};

describe('redaction', () => {
  it('removes planted personal data and secrets at any depth', () => {
    const cases = planted.chain((secret) => fc.tuple(fc.constant(secret), around(secret)));
    fc.assert(
      fc.property(cases, ([secret, value]) => !JSON.stringify(redact(value)).includes(secret)),
      { numRuns: 500 },
    );
  });

  it('removes every value of a sensitive key', () => {
    const keys = fc.constantFrom(
      'password',
      'newPassword',
      'first_name',
      'SSN',
      'dateOfBirth',
      'X-Api-Key',
      'Set-Cookie',
      'userEmail',
      'homeAddress',
      'npi',
      'lastName',
    );
    const value = fc.stringMatching(/^[a-z]{12,20}$/);
    fc.assert(
      fc.property(keys, value, (key, secret) => {
        const input = {
          list: [{ [key]: secret, name: secret }, { [key]: { inner: [secret] } }],
          error: Object.assign(new Error('x'), { [key]: secret }),
        };
        return !JSON.stringify(redact(input)).includes(secret);
      }),
    );
  });

  it('never throws and always yields JSON', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withNullPrototype: true,
        }),
        (value) => {
          expect(() => JSON.stringify(redact({ value }))).not.toThrow();
        },
      ),
    );
    const broken = {
      get bad() {
        throw new Error('no');
      },
    };
    expect(redact(broken)).toEqual({ bad: '[unreadable]' });
  });

  it('limits cycles, depth, and length', () => {
    const loop: Record<string, unknown> = { list: Array.from({ length: 150 }, () => 1) };
    loop.self = loop;
    expect(redact(loop)).toMatchObject({ self: '[circular]' });
    expect(JSON.stringify(redact(JSON.parse('['.repeat(50) + ']'.repeat(50))))).toContain('[deeper]');
    expect(redact(Buffer.from('a secret'))).toBe('[8 bytes]');
    expect(scrub('x'.repeat(100_000)).length).toBeLessThan(9000);
  });

  it('keeps an error readable and hides the row of a database error', () => {
    const error = Object.assign(new Error('duplicate key for jane@example.org'), {
      code: '23505',
      detail: 'Key (last_name)=(Doe)',
      parameters: ['Doe'],
    });
    const copy = redact(error) as Record<string, string>;
    expect(copy).toMatchObject({ name: 'Error', message: 'duplicate key for [redacted]', code: '23505' });
    expect(copy.stack).toContain('redact.spec');
    expect(JSON.stringify(copy)).not.toContain('Doe');
  });
});

describe('text that redaction does not change', () => {
  it.each([
    '0192f0c1-2345-7123-8123-123456789012',
    'GET /v1/people/:id 200',
    '2026-01-02T03:04:05.678Z',
    'at file (/srv/app/node_modules/@nestjs/core/router.js:12:34)',
    'version 1.20.300',
    '127.0.0.1:54321',
  ])('%s', (text) => {
    expect(scrub(text)).toBe(text);
  });

  it.each([
    'jobName',
    'className',
    'hostname',
    'filename',
    'requestId',
    'orgId',
    'status',
    'passed',
    'opinion',
    'missing',
  ])('the key %s', (key) => {
    expect(isSensitiveKey(key)).toBe(false);
  });
});

it.each([
  ['postgres://app:hunter2pass@db/v', 'hunter2pass'],
  ['Authorization: Bearer abcdefghijkl', 'abcdefghijkl'],
  ['/v1/sso/discover?email=jane.roe%40example.org', 'jane.roe'],
  ['key vs_4f3c2b1a0987', '4f3c2b1a0987'],
  ['card 4111 1111 1111 1111.', '1111 1111'],
  ['ssn 123456789', '123456789'],
])('removes the secret from "%s"', (text, secret) => {
  expect(scrub(text)).not.toContain(secret);
});

describe('a database error', () => {
  const failed = Object.assign(new Error('invalid input syntax for type integer: "Zephyrine"'), {
    name: 'error',
    code: '22P02',
    severity: 'ERROR',
    detail: 'Failing row contains (Zephyrine).',
    hint: 'Zephyrine',
    where: 'PL/pgSQL Zephyrine',
    table: 'people',
    column: 'version',
    constraint: 'people_check',
  });

  it.each([
    ['as Postgres throws it', failed],
    [
      'as TypeORM wraps it',
      Object.assign(new Error(failed.message), {
        driverError: failed,
        query: 'SELECT Zephyrine',
        parameters: ['Zephyrine'],
      }),
    ],
  ])('shows code, table, and constraint but no value: %s', (_how, error) => {
    const shown = redact({ err: error });
    expect(JSON.stringify(shown)).not.toContain('Zephyrine');
    expect(shown).toMatchObject({
      err: {
        message: 'database error',
        code: '22P02',
        table: 'people',
        column: 'version',
        constraint: 'people_check',
        stack: expect.stringMatching(/^\s+at /),
      },
    });
  });

  it('is redacted as the cause of another error', () => {
    expect(JSON.stringify(redact(new Error('outer', { cause: failed })))).not.toContain('Zephyrine');
  });

  it('is distinguished from other errors with a code', () => {
    expect(redact(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))).toMatchObject({ message: 'connect' });
  });
});
