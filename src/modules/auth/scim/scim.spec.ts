import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { Problem } from '../../../platform/problem/index.js';
import { CORE_ATTRIBUTES, ENTERPRISE_ATTRIBUTES, ENTERPRISE_SCHEMA, type UserAttribute } from './scim-attributes.js';
import { GROUP_FILTER, USER_FILTER } from './scim-filter-columns.js';
import { compileFilter } from './scim-filter.js';
import { patchGroup, type ScimGroupFields } from './scim-group.js';
import { Projection, readPage } from './scim-query.js';
import { patchUser } from './scim-user-patch.js';
import { readUser, type ScimUserFields } from './scim-user.js';
import './scim.feature.js';

const USER: ScimUserFields = {
  userName: 'user@dir.example',
  externalId: 'x',
  displayName: 'Synthetic User',
  givenName: 'Synthetic',
  familyName: 'User',
  email: 'user@dir.example',
  emailType: 'work',
  emails: [{ value: 'user@dir.example', type: 'work', primary: false }],
  active: true,
  attributes: {},
};
const names = (attributes: readonly UserAttribute[]): string[] =>
  attributes.flatMap(({ name, parts }) => [name, ...names(parts ?? [])]);
const LITERALS = ['', ' ', '[]', ENTERPRISE_SCHEMA, ...names([...CORE_ATTRIBUTES, ...ENTERPRISE_ATTRIBUTES])];
const PATCH = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
const patch = (...operations: unknown[]) => patchUser(USER, { schemas: PATCH, Operations: operations });

/** Returns the result of a function, or undefined when it throws a problem with status 400. Rethrows other errors. */
function orRejected<T>(fn: () => T): T | undefined {
  try {
    return fn();
  } catch (error) {
    if (error instanceof Problem && error.status === 400) return undefined;
    throw error;
  }
}

const inAnyCase = (word: string) =>
  fc
    .array(fc.boolean(), { minLength: word.length, maxLength: word.length })
    .map((up) => [...word].map((letter, i) => (up[i] ? letter.toUpperCase() : letter)).join(''));

describe('the attribute active', () => {
  it('is parsed correctly in any case and any shape', () => {
    const input = fc
      .boolean()
      .chain((active) => fc.oneof(fc.constant(active), inAnyCase(String(active))).map((value) => ({ active, value })));
    fc.assert(
      fc.property(input, inAnyCase('replace'), fc.nat(3), ({ active, value }, op, shape) => {
        const operation = [
          { op, path: 'active', value },
          { op, value: { active: value } },
          { op, path: 'urn:ietf:params:scim:schemas:core:2.0:User:active', value },
          { op, path: 'ACTIVE', value },
        ][shape];
        expect(patch(operation).active).toBe(active);
        expect(readUser({ userName: 'x@dir.example', active: value }).active).toBe(active);
      }),
    );
  });

  it('is a boolean after any patch that is not rejected', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const after = orRejected(() => patch({ op: 'replace', path: 'active', value }));
        expect([undefined, true, false]).toContain(after?.active);
      }),
    );
  });
});

describe('a patch', () => {
  const path = fc.oneof(
    fc.constantFrom(
      'userName',
      'name',
      'name.givenName',
      'emails',
      'emails[type eq "work"].value',
      'emails[type eq "home"]',
      'emails[not (type eq "x")]',
      'emails.value',
      'title',
      'name.middleName',
      'addresses',
      'addresses[type eq "work"].country',
      'roles[primary eq "True"].value',
      ENTERPRISE_SCHEMA,
      `${ENTERPRISE_SCHEMA}:manager`,
      'displayName',
      'active',
      'name.__proto__',
      '__proto__',
      'constructor',
      'members',
    ),
    fc.string(),
  );
  const operation = fc.record(
    {
      op: fc.oneof(fc.constantFrom('add', 'Replace', 'remove'), fc.string()),
      path: fc.option(path, { nil: undefined }),
      value: fc.oneof(fc.jsonValue(), fc.dictionary(path, fc.jsonValue())),
    },
    { requiredKeys: ['op'] },
  );

  it('preserves the type of every field of a user and the object prototype, or is rejected', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 5 }), (operations) => {
        const after = orRejected(() => patch(...operations));
        if (after !== undefined) {
          expect([typeof after.userName, typeof after.displayName, typeof after.email, typeof after.active]).toEqual([
            'string',
            'string',
            'string',
            'boolean',
          ]);
          expect(Object.keys(after).toSorted()).toEqual(Object.keys(USER).toSorted());
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('preserves the id format of the members of a group, or is rejected', () => {
    const group: ScimGroupFields = {
      displayName: 'Synthetic',
      externalId: null,
      members: ['00000000-0000-4000-8000-000000000001'],
    };
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 5 }), (operations) => {
        const after = orRejected(() =>
          patchGroup(group, {
            schemas: PATCH,
            Operations: operations.map((one) => ({ ...one, path: one.path?.replace('name', 'members') })),
          }),
        );
        expect(after?.members.every((id) => /^[0-9a-f-]{36}$/.test(id)) ?? true).toBe(true);
      }),
    );
  });

  it('updates the displayName with the name, unless the directory set the displayName', () => {
    expect(patch({ op: 'replace', path: 'name.familyName', value: 'Other' }).displayName).toBe('Synthetic Other');
    expect(
      patchUser(
        { ...USER, displayName: 'Given' },
        { schemas: PATCH, Operations: [{ op: 'replace', path: 'name.familyName', value: 'Other' }] },
      ).displayName,
    ).toBe('Given');
  });
});

describe('a value that is removed', () => {
  it('counts as removed when a directory replaces it with null or sends the old value along', () => {
    expect(patch({ op: 'replace', path: 'externalId', value: null }).externalId).toBeNull();
    expect(patch({ op: 'remove', path: 'externalId', value: USER.externalId }).externalId).toBeNull();
    expect(patch({ op: 'replace', path: 'emails', value: null }).email).toBe(USER.userName);
    expect(patch({ op: 'replace', path: 'active', value: null }).active).toBe(USER.active);
  });
});

describe('the removal of members by a filter', () => {
  const [one, two, three] = ['1', '2', '3'].map((digit) => digit.repeat(8) + '-1111-4111-8111-' + 'a'.repeat(12));
  const group: ScimGroupFields = { displayName: 'Synthetic', externalId: null, members: [one!, two!, three!] };
  const without = (condition: string) =>
    patchGroup(group, { schemas: PATCH, Operations: [{ op: 'remove', path: `members[${condition}]` }] }).members;

  it('removes the named members in any letter case, and no other member', () => {
    expect(without(`value eq "${one!.toUpperCase()}"`)).toEqual([two, three]);
    expect(without(`Value EQ "${one}" or value eq "${three}"`)).toEqual([two]);
    expect(without('value eq "unknown"')).toEqual(group.members);
  });

  it.each(['display co "S"', 'value co "1"', 'value eq "1" and value eq "2"', 'not (value eq "1")', 'value pr', ''])(
    'rejects %j, which could leave a member in the group',
    (condition) => {
      expect(() => without(condition)).toThrow(expect.objectContaining({ code: 'scim_invalid_filter' }));
    },
  );

  it('goes through the members once for a request, not once for each operation', () => {
    const many = Array.from({ length: 100 }, () => ({ op: 'remove', path: 'members[value eq "unknown"]' }));
    const passes = jest.spyOn(Set.prototype as Set<unknown>, Symbol.iterator);
    patchGroup(group, { schemas: PATCH, Operations: many });
    expect(passes).toHaveBeenCalledTimes(1);
    passes.mockRestore();
  });
});

describe('a filter', () => {
  const word = fc.oneof(
    fc.constantFrom(
      'userName',
      'active',
      'emails',
      'emails.value',
      'title',
      'addresses',
      'addresses.country',
      'name.formatted',
      `${ENTERPRISE_SCHEMA}:manager.value`,
      'groups',
      'meta.created',
      'id',
      '__proto__',
      'and',
      'or',
      'not',
      'eq',
      'co',
      'pr',
      '(',
      ')',
      '[',
      ']',
      'true',
      'null',
      '5',
      '"x"',
      '"2020-01-01"',
      '"\' OR 1=1 --"',
      '"$1"',
    ),
    fc.string(),
  );
  const parameters = (text: string) => [...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number));

  it('becomes a condition whose values are all parameters, or is rejected', () => {
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
        fc.boolean(),
        (text, users) => {
          const condition = orRejected(() => compileFilter(text, users ? USER_FILTER : GROUP_FILTER, 3));
          if (condition === undefined) return;
          expect(new Set(parameters(condition.text))).toEqual(new Set(condition.values.map((_, i) => i + 3)));
          // The SQL contains no text of the filter. Its only literals are names in the schema, and separators.
          const literal = /'([\w:.]+| |\[\]|)'/g;
          for (const [, name = ''] of condition.text.matchAll(literal)) expect(LITERALS).toContain(name);
          const rest = condition.text.replaceAll(literal, '').replaceAll(/\$\d+::(text|boolean|timestamptz)/g, '');
          expect(rest).not.toMatch(/['"$;]|--/);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('uses a key lookup only when every match has this key', () => {
    const keys = (text: string) => compileFilter(text, USER_FILTER, 1).userName;
    expect([
      keys('userName eq "a"'),
      keys('userName eq "a" and active eq true'),
      keys('userName eq "a" or userName eq "b"'),
      keys('not (userName eq "a")'),
    ]).toEqual(['a', 'a', null, null]);
  });
});

describe('a time in a filter', () => {
  it('is rejected as a filter error when Postgres cannot store it', () => {
    for (const time of ['0000-01-01', '0001-01-01T00:00:00+14:00', '2026-13-01', 'yesterday'])
      expect(() => compileFilter(`meta.created eq "${time}"`, USER_FILTER, 1)).toThrow(
        expect.objectContaining({ code: 'scim_invalid_filter' }),
      );
    expect(compileFilter('meta.created eq "0001-01-01T00:00:00Z"', USER_FILTER, 1).values).toEqual([
      '0001-01-01T00:00:00.000Z',
    ]);
  });
});

describe('a list request', () => {
  it('has a start index and a count within the limits', () => {
    expect([
      readPage({}),
      readPage({ startIndex: '-3', count: '-1' }),
      readPage({ startIndex: '5', count: '5000' }),
    ]).toEqual([
      { offset: 0, count: 100 },
      { offset: 0, count: 0 },
      { offset: 4, count: 200 },
    ]);
  });

  it('always returns schemas and id', () => {
    const resource = { schemas: ['s'], id: 'i', userName: 'u', name: { givenName: 'g', familyName: 'f' } };
    fc.assert(
      fc.property(
        fc.record({ attributes: fc.string(), excludedAttributes: fc.constantFrom('id,schemas', 'name', '__proto__') }),
        (query) => {
          expect(new Projection(query).of(resource)).toMatchObject({ schemas: ['s'], id: 'i' });
        },
      ),
    );
    expect(new Projection({ attributes: 'NAME.givenname' }).of(resource)).toEqual({
      schemas: ['s'],
      id: 'i',
      name: { givenName: 'g' },
    });
    expect(new Projection({ excludedAttributes: 'name.givenName' }).of(resource)).toMatchObject({
      name: { familyName: 'f' },
    });
  });
});

describe('the addresses of a user', () => {
  it('are at most 100 in all operations of a patch together', () => {
    const add = (i: number) => ({
      op: 'add',
      path: 'emails',
      value: Array.from({ length: 20 }, (_, n) => ({ value: `a${i}.${n}@dir.example` })),
    });
    const patched = (many: number) => () =>
      patchUser(USER, {
        schemas: PATCH,
        Operations: [
          ...Array.from({ length: many }, (_, i) => add(i)),
          { op: 'replace', path: 'emails', value: [{ value: 'one@dir.example' }] },
        ],
      });
    expect(patched(4)().email).toBe('one@dir.example');
    expect(patched(5)).toThrow(expect.objectContaining({ code: 'scim_invalid_value' }));
  });

  const created = (emails: object[]): ScimUserFields => readUser({ userName: 'u1@dir.example', emails });
  const home = { value: 'home@dir.example', type: 'home' };
  const change = (user: ScimUserFields, ...operations: object[]): ScimUserFields =>
    patchUser(user, { schemas: PATCH, Operations: operations });
  const work = (value: string, op = 'Replace') => ({ op, path: 'emails[type eq "work"].value', value });
  const used = ({ email, emailType }: ScimUserFields) => [email, emailType];

  it('get a work address by a patch, which is used although the user has another address', () => {
    for (const op of ['Replace', 'replace', 'Add', 'add']) {
      const after = change(created([home]), work('new@dir.example', op));
      expect([used(after), after.emails.map(({ value }) => value)]).toEqual([
        ['new@dir.example', 'work'],
        ['home@dir.example', 'new@dir.example'],
      ]);
      expect(used(change(after, work('newer@dir.example', op)))).toEqual(['newer@dir.example', 'work']);
    }
    const renamed = change(created([home]), {
      op: 'replace',
      path: 'emails[type eq "home"].value',
      value: 'h@x.example',
    });
    expect(used(change(renamed, work('new@dir.example')))).toEqual(['new@dir.example', 'work']);
  });

  it('keep the address that the directory marked as primary, and lose no other', () => {
    const after = change(created([{ ...home, primary: true }]), work('new@dir.example'));
    expect([used(after), after.emails.length]).toEqual([['home@dir.example', 'home'], 2]);
    const marked = change(after, { op: 'replace', path: 'emails[type eq "work"].primary', value: true });
    expect(used(marked)).toEqual(['new@dir.example', 'work']);
    expect(marked.emails.filter(({ primary }) => primary).length).toBe(1);
  });

  it('have the primary one that a patch sets, at any position of the list', () => {
    const other = { value: 'other@dir.example', type: 'other' };
    const atWork = { value: 'work@dir.example', type: 'work' };
    const primary = { op: 'replace', path: 'emails[type eq "other"].primary', value: true };
    for (const emails of [
      [other, atWork],
      [atWork, other],
      [other, { ...atWork, primary: true }],
    ]) {
      const after = change(created(emails), primary);
      expect([used(after), after.emails.filter((one) => one.primary).length]).toEqual([
        ['other@dir.example', 'other'],
        1,
      ]);
    }
  });

  it('can be changed by the filter for the primary address of any type', () => {
    const path = 'emails[primary eq true].value';
    expect(used(change(created([home]), { op: 'replace', path, value: 'n@dir.example' }))).toEqual([
      'n@dir.example',
      'home',
    ]);
  });

  it('are never lost with a success: a path that selects nothing is rejected', () => {
    for (const [path, code] of [
      ['emails.value', 'scim_invalid_path'],
      ['emails[type eq "other" and primary eq true].value', 'scim_no_target'],
      ['emails[value eq "unknown@dir.example"]', 'scim_no_target'],
    ]) {
      const rejected = () => change(created([home]), { op: 'replace', path, value: 'x@dir.example' });
      expect(rejected).toThrow(expect.objectContaining({ code }));
    }
  });
});
