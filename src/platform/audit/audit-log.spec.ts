/**
 * This file registers its own declarations, so it does not share its modules with other files.
 *
 * @jest-environment node
 */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { Clock } from '../clock/clock.js';
import { newId } from '../clock/id.js';
import { Context, withContext } from '../context/context.js';
import type { Transaction } from '../database/transaction.js';
import { defineFeature } from '../feature/define-feature.js';
import { type MetaKind } from '../feature/declarations.js';
import type { AuditEventType } from '../feature/registry.js';
import type { AuditRow } from '../database/audit-row.js';
import { AuditLog, type AuditEntry, type AuditTarget } from './audit-log.js';
import { roleReference } from './role-reference.js';

const META = {
  one: 'id',
  two: 'code',
  many: 'codes',
  number: 'count',
  yes: 'flag',
  when: 'time',
  hash: 'digest',
  of: 'role',
} as const satisfies Record<string, MetaKind>;
defineFeature({
  name: 'audit-auditLog-spec',
  description: 'Events of this specification.',
  resources: { person: { description: 'With an id.' }, role: { description: 'With a key.' } },
  events: {
    'spec.happened': { category: 'spec', severity: 'info', description: 'It happened.', meta: META },
    'spec.measured': { category: 'spec', severity: 'info', description: 'It is big.', meta: { bytes: 'amount' } },
  },
});
/** The time of the database in these tests: 2026-01-31. */
const AT = Date.UTC(2026, 0, 31);
const HAPPENED = 'spec.happened' as AuditEventType;
const BIG = 'spec.measured' as AuditEventType;

let warnings: string[];
beforeEach(() => {
  warnings = [];
  jest.spyOn(Logger.prototype, 'warn').mockImplementation((message: unknown) => void warnings.push(String(message)));
});
afterEach(() => {
  jest.restoreAllMocks();
});

function contextWith(transaction: Partial<Transaction> | null, emits: AuditEventType[] = [HAPPENED]): Context {
  const context = new Context({ emits });
  context.transaction = transaction as Transaction | null;
  return context;
}

function record(entry: AuditEntry, type = HAPPENED): AuditRow['facts'] {
  const log: AuditRow[] = [];
  withContext(contextWith({ log, open: true, readOnly: false, databaseMs: AT }, [type]), () =>
    new AuditLog(new Clock()).record(type, entry),
  );
  return log.at(-1)!.facts;
}

const digits = (length: number) => fc.stringMatching(new RegExp(`^[1-9]\\d{${length - 1}}$`));
const name = fc.constantFrom(
  'Garcia',
  'Ada Lovelace',
  "O'Brien",
  'José',
  'van der Berg',
  'Müller-Lüdenscheidt',
  '李小龙',
  'DOE, JANE',
);
const date = fc.date({ min: new Date('1920-01-01'), max: new Date('2009-12-31'), noInvalidDate: true });

/** Kinds of personal data that code could write by mistake. */
const PLANTED: Record<string, fc.Arbitrary<unknown>> = {
  'a name': name,
  'an e-mail address': fc.emailAddress(),
  'an NPI': digits(10),
  'an NPI as a number': digits(10).map(Number),
  'an SSN': fc.tuple(digits(3), digits(2), digits(4)).map((parts) => parts.join('-')),
  'an SSN as a number': digits(9).map(Number),
  'a telephone number': fc.tuple(digits(3), digits(3), digits(4)).map(([a, b, c]) => `+1 (${a}) ${b}-${c}`),
  'a telephone number as a number': digits(10).map(Number),
  'a date of birth': date.map((day) => day.toISOString().slice(0, 10)),
  'a date of birth as a time': date.map((day) => day.toISOString()),
  'a date of birth as a number': date.map((day) => Number(day.toISOString().slice(0, 10).replaceAll('-', ''))),
  'an address': fc
    .tuple(fc.integer({ min: 1, max: 9999 }), name)
    .map(([number, street]) => `${number} ${street} Street`),
  'a ZIP code': digits(5),
  'a file name': fc.constantFrom('cv.pdf', 'jane_doe.docx', 'scan.2019.tiff', 'Letter of reference.pdf'),
  'a URL': fc.webUrl(),
  'a host': fc.domain(),
  'an IP address': fc.oneof(fc.ipV4(), fc.ipV6()),
  'a payment card': digits(16),
  'a license number': digits(7).map((number) => `MD-${number}`),
  'free text': fc.lorem({ maxCount: 8 }).filter((text) => text.includes(' ')),
  'a secret': fc.base64String({ minLength: 24 }).map((text) => `whsec_${text}==`),
  'an object': fc.record({ name }),
  'a list of names': fc.array(name, { minLength: 1 }),
};

describe('metadata of audit events', () => {
  it.each(Object.keys(PLANTED))('strips %s from a field of every kind, and warns without repeating it', (kind) => {
    fc.assert(
      fc.property(PLANTED[kind]!, fc.constantFrom(...Object.keys(META)), (value, field) => {
        warnings = [];
        const facts = record({ meta: { [field]: value } });
        expect(facts.meta).toEqual({});
        expect(warnings).toHaveLength(1);
        expect(warnings[0]).toMatch(/^SECURITY: stripped from event spec\.happened: /);
        expect(warnings[0]).not.toContain(typeof value === 'string' ? value : JSON.stringify(value));
      }),
    );
  });

  it.each(Object.keys(PLANTED))('rejects %s as a target and as a field name', (kind) => {
    fc.assert(
      fc.property(PLANTED[kind]!, (value) => {
        warnings = [];
        const text = typeof value === 'string' ? value : JSON.stringify(value);
        const facts = record({ target: { type: 'person', id: text }, meta: { [text]: true } });
        expect(facts).toMatchObject({ targetType: null, targetId: null, meta: {} });
        expect(warnings).toHaveLength(2);
        expect(warnings.join('\n')).not.toContain(text);
      }),
    );
  });

  it('keeps ids, declared codes, small counts, flags, digests, and recent times', () => {
    const meta = {
      one: newId(),
      two: 'spec.happened',
      many: ['givenName', 'no_such_key', 'read-only', 'sha256', 'PeopleController.read'],
      number: 9_999_999,
      yes: false,
      when: '2026-03-04T05:06:07.089Z',
      hash: 'a1'.repeat(32),
    };
    expect(record({ meta }).meta).toEqual(meta);
    expect(warnings).toEqual([]);
  });

  it('name a preset role by its key and a custom role by a UUID without its key', () => {
    expect(record({ meta: { of: 'program_director' } }).meta).toEqual({ of: 'program_director' });
    expect(record({ meta: { of: 'support' } }).meta).toEqual({ of: 'support' });
    const key = 'john_doe_has_alcohol_problem';
    const facts = record({ meta: { of: key }, target: { type: 'role', id: key } });
    expect(facts.meta.of).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(facts.targetId).toBe(facts.meta.of);
    expect(JSON.stringify(facts)).not.toContain('john');
    expect(roleReference(newId(), key)).not.toBe(roleReference(newId(), key));
    expect(warnings).toEqual([]);
  });

  it('keep an amount of seven digits, and round a longer one so that it cannot be an identifier', () => {
    const recorded = (bytes: number) => record({ meta: { bytes } }, BIG).meta.bytes;
    expect([0, 9_999_999].map(recorded)).toEqual([0, 9_999_999]);
    expect([12_345_678, 987_654_321_000].map(recorded)).toEqual([12_000_000, 980_000_000_000]);
    fc.assert(
      fc.property(fc.integer({ min: 10_000_000, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
        const amount = recorded(bytes) as number;
        expect(amount <= bytes && amount > bytes * 0.9).toBe(true);
        expect(String(amount)).toMatch(/^\d\d0+$/);
      }),
    );
    expect(record({ meta: { bytes: -1 } }, BIG).meta).toEqual({});
  });

  it.each(['constructor', '__proto__', 'toString'])('does not treat the field %s as declared', (field) => {
    expect(Object.keys(record({ meta: Object.fromEntries([[field, 'word']]) }).meta)).toEqual([]);
    expect(warnings).toHaveLength(1);
  });

  it('accepts a dotted code only when a feature declares it', () => {
    expect(record({ meta: { two: 'spec.imagined' } }).meta).toEqual({});
  });

  it('keeps a target with an id in any letter case or with a code', () => {
    const id = newId();
    expect(record({ target: { type: 'person', id: id.toUpperCase() } })).toMatchObject({
      targetType: 'person',
      targetId: id,
    });
    expect(record({ target: { type: 'role', id: 'program_director' } })).toMatchObject({
      targetType: 'role',
      targetId: 'program_director',
    });
  });
});

it('strips a target whose type no feature declares and logs a warning', () => {
  // @ts-expect-error -- a type of resource that no feature declares does not compile
  const target: AuditTarget = { type: 'no-resource', id: newId() };
  expect(record({ target })).toMatchObject({ targetType: null, targetId: null });
  expect(warnings).toEqual([expect.stringContaining('a target that is not a declared resource')]);
});

describe('an audit event', () => {
  it('has the time of the database, not of a process whose clock is wrong', () => {
    jest.spyOn(Date, 'now').mockReturnValue(AT + 400 * 86_400_000);
    expect(record({}).occurredAt).toBe('2026-01-31T00:00:00.000Z');
  });

  it('takes actor, organization, and request from the context', () => {
    const log: AuditRow[] = [];
    const actor = { type: 'user', id: newId(), email: 'ada@example.test' } as const;
    const context = new Context({ emits: [HAPPENED], orgId: newId(), actor, ip: '192.0.2.1', userAgent: 'Browser' });
    context.transaction = { log, open: true, readOnly: false, databaseMs: AT } as unknown as Transaction;
    withContext(context, () => new AuditLog(new Clock()).record(HAPPENED, { outcome: 'denied' }));
    expect(log).toEqual([
      {
        facts: expect.objectContaining({
          orgId: context.orgId,
          actorType: 'user',
          actorId: context.actor.id,
          requestId: context.requestId,
          outcome: 'denied',
        }),
        personal: { actorEmail: 'ada@example.test', ip: '192.0.2.1', userAgent: 'Browser' },
      },
    ]);
  });

  it.each([
    ['no transaction', null],
    ['a transaction that has ended', { open: false, readOnly: false, log: [] }],
    ['a transaction that may not write', { open: true, readOnly: true, log: [] }],
  ])('is rejected with %s', (_name, transaction) => {
    const auditLog = new AuditLog(new Clock());
    expect(() => withContext(contextWith(transaction), () => auditLog.record(HAPPENED))).toThrow(/needs a transaction/);
  });

  it('is rejected if the current context does not declare it', () => {
    const auditLog = new AuditLog(new Clock());
    expect(() =>
      withContext(contextWith({ log: [], open: true, readOnly: false }, []), () => auditLog.record(HAPPENED)),
    ).toThrow(/add it to `emits`/);
  });
});
