import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Problem } from '../../../platform/problem/index.js';
import { compileFilter, GROUP_FILTER, USER_FILTER } from './scim-filter.js';
import { patchGroup, type ScimGroupFields } from './scim-group.js';
import { Projection, readPage } from './scim-query.js';
import { patchUser } from './scim-user-patch.js';
import { readUser, type ScimUserFields } from './scim-user.js';
import './scim.feature.js';

const SOMEBODY: ScimUserFields = {
  userName: 'somebody@dir.example',
  externalId: 'x',
  displayName: 'Synthetic Somebody',
  givenName: 'Synthetic',
  familyName: 'Somebody',
  email: 'somebody@dir.example',
  emailType: 'work',
  active: true,
};
const PATCH = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
const patch = (...operations: unknown[]) => patchUser(SOMEBODY, { schemas: PATCH, Operations: operations });

/** What a function gives, or undefined where it refuses; fails where it throws anything but a refusal of ours. */
function orRefused<T>(fn: () => T): T | undefined {
  try {
    return fn();
  } catch (error) {
    if (error instanceof Problem && error.status === 400) return undefined;
    throw error;
  }
}

const cased = (word: string) =>
  fc
    .array(fc.boolean(), { minLength: word.length, maxLength: word.length })
    .map((up) => [...word].map((letter, i) => (up[i] ? letter.toUpperCase() : letter)).join(''));

describe('active', () => {
  it('comes out as what was meant, in any case and any shape', () => {
    const said = fc
      .boolean()
      .chain((meant) => fc.oneof(fc.constant(meant), cased(String(meant))).map((value) => ({ meant, value })));
    fc.assert(
      fc.property(said, cased('replace'), fc.nat(3), ({ meant, value }, op, shape) => {
        const operation = [
          { op, path: 'active', value },
          { op, value: { active: value } },
          { op, path: 'urn:ietf:params:scim:schemas:core:2.0:User:active', value },
          { op, path: 'ACTIVE', value },
        ][shape];
        expect(patch(operation).active).toBe(meant);
        expect(readUser({ userName: 'x@dir.example', active: value }).active).toBe(meant);
      }),
    );
  });

  it('is a boolean or refused, whatever is sent', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const after = orRefused(() => patch({ op: 'replace', path: 'active', value }));
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
      'emails.value',
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

  it('leaves a user with every field of its type, or is refused; nothing else is touched', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 5 }), (operations) => {
        const after = orRefused(() => patch(...operations));
        if (after !== undefined) {
          expect([typeof after.userName, typeof after.displayName, typeof after.email, typeof after.active]).toEqual([
            'string',
            'string',
            'string',
            'boolean',
          ]);
          expect(Object.keys(after).toSorted()).toEqual(Object.keys(SOMEBODY).toSorted());
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves a group with a set of ids, or is refused', () => {
    const group: ScimGroupFields = {
      displayName: 'Synthetic',
      externalId: null,
      members: ['00000000-0000-4000-8000-000000000001'],
    };
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 5 }), (operations) => {
        const after = orRefused(() =>
          patchGroup(group, {
            schemas: PATCH,
            Operations: operations.map((one) => ({ ...one, path: one.path?.replace('name', 'members') })),
          }),
        );
        expect(after?.members.every((id) => /^[0-9a-f-]{36}$/.test(id)) ?? true).toBe(true);
      }),
    );
  });

  it('lets the whole name follow its parts, unless it was given', () => {
    expect(patch({ op: 'replace', path: 'name.familyName', value: 'Other' }).displayName).toBe('Synthetic Other');
    expect(
      patchUser(
        { ...SOMEBODY, displayName: 'Given' },
        { schemas: PATCH, Operations: [{ op: 'replace', path: 'name.familyName', value: 'Other' }] },
      ).displayName,
    ).toBe('Given');
  });
});

describe('a filter', () => {
  const word = fc.oneof(
    fc.constantFrom(
      'userName',
      'active',
      'emails',
      'emails.value',
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

  it('becomes a condition whose values are all parameters, or is refused', () => {
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
        fc.boolean(),
        (text, users) => {
          const condition = orRefused(() => compileFilter(text, users ? USER_FILTER : GROUP_FILTER, 3));
          if (condition === undefined) return;
          expect(new Set(parameters(condition.text))).toEqual(new Set(condition.values.map((_, i) => i + 3)));
          // nothing that was typed stands in the SQL
          expect(condition.text.replaceAll(/\$\d+::(text|boolean|timestamptz)/g, '')).not.toMatch(/['"$;]|--/);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('finds a row by its key only where every row found has it', () => {
    const keys = (text: string) => compileFilter(text, USER_FILTER, 1).userName;
    expect([
      keys('userName eq "a"'),
      keys('userName eq "a" and active eq true'),
      keys('userName eq "a" or userName eq "b"'),
      keys('not (userName eq "a")'),
    ]).toEqual(['a', 'a', null, null]);
  });
});

describe('what a list is asked for', () => {
  it('is within bounds', () => {
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

  it('always holds schemas and id', () => {
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
