import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { CORE_ATTRIBUTES, ENTERPRISE_ATTRIBUTES, ENTERPRISE_SCHEMA, USER_SCHEMA } from './scim-attributes.js';
import { readAttributes } from './scim-attribute-values.js';
import { schemas } from './scim-documents.js';
import { USER_FILTER } from './scim-filter-columns.js';
import { compileFilter, compileOrder } from './scim-filter.js';
import { Projection } from './scim-query.js';
import { patchUser } from './scim-user-patch.js';
import { changedFields, readUser, type ScimUserFields } from './scim-user.js';
import type { Json } from './scim-values.js';
import './scim.feature.js';

const SCHEMAS = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
const created = (more: Json = {}): ScimUserFields => readUser({ userName: 'user@dir.example', ...more });
const change = (user: ScimUserFields, ...operations: object[]): ScimUserFields =>
  patchUser(user, { schemas: SCHEMAS, Operations: operations });
const rejectedAs = (code: string) => expect.objectContaining({ code });

describe('the declared attributes', () => {
  it('are in the schema documents, in the filters, and in what is stored', () => {
    const documents = new Map(schemas('https://x.example').map(({ id, attributes }) => [id, attributes as Json[]]));
    for (const [id, declared, prefix] of [
      [USER_SCHEMA, CORE_ATTRIBUTES, ''],
      [ENTERPRISE_SCHEMA, ENTERPRISE_ATTRIBUTES, `${ENTERPRISE_SCHEMA}:`],
    ] as const) {
      for (const { name, parts, type } of declared) {
        expect(documents.get(id)!.map((one) => one['name'])).toContain(name);
        const paths = parts === undefined ? [name] : parts.map((part) => `${name}.${part.name}`);
        const value = (path: string) => (type === 'boolean' || path.endsWith('.primary') ? 'true' : '"x"');
        for (const path of paths)
          expect(compileFilter(`${prefix}${path} eq ${value(path)}`, USER_FILTER, 1).values).toHaveLength(1);
      }
    }
  });

  it('are stored in any letter case, without unknown, missing, and blank values', () => {
    const stored = readAttributes({
      TITLE: 'Dr.',
      nickname: '  ',
      locale: null,
      password: 'secret',
      photos: [{ value: 'https://x.example' }],
      Addresses: [{ Country: 'Germany', PRIMARY: 'True', other: 1 }, {}],
      [ENTERPRISE_SCHEMA.toUpperCase()]: { Department: 'A', other: 'B', Manager: { Value: 'C', displayName: 'D' } },
    });
    expect(stored).toEqual({
      title: 'Dr.',
      addresses: [{ country: 'Germany', primary: true }],
      [ENTERPRISE_SCHEMA]: { department: 'A', manager: { value: 'C' } },
    });
  });

  it.each<[string, Json, string]>([
    ['a number', { title: 5 }, 'scim_invalid_value'],
    ['two lines in one', { title: 'a\nb' }, 'scim_invalid_value'],
    ['a reversed text', { addresses: [{ formatted: 'a\u202Eb' }] }, 'scim_invalid_value'],
    ['a long text', { title: 'x'.repeat(1_001) }, 'scim_invalid_value'],
    ['many entries', { roles: Array.from({ length: 21 }, () => ({ value: 'x' })) }, 'scim_invalid_value'],
    ['many bytes', { roles: Array.from({ length: 20 }, () => ({ value: 'x'.repeat(900) })) }, 'scim_invalid_value'],
    ['text for an address', { addresses: ['x'] }, 'scim_invalid_syntax'],
    ['text for the extension', { [ENTERPRISE_SCHEMA]: 'x' }, 'scim_invalid_syntax'],
    ['an uncertain boolean', { roles: [{ value: 'x', primary: 'maybe' }] }, 'scim_invalid_value'],
  ])('are rejected with %s', (_what, user, code) => {
    expect(() => readAttributes(user)).toThrow(rejectedAs(code));
  });

  it('have one primary entry at most: the last', () => {
    const roles = [
      { value: 'a', primary: true },
      { value: 'b', primary: 'True' },
    ];
    expect(readAttributes({ roles })).toEqual({ roles: [{ value: 'a' }, { value: 'b', primary: true }] });
  });
});

describe('a patch of stored attributes', () => {
  it('changes only its target, for any declared text and any value', () => {
    const texts = [
      ...CORE_ATTRIBUTES.filter(({ hasColumn, parts }) => !hasColumn && parts === undefined).map(({ name }) => name),
      ...ENTERPRISE_ATTRIBUTES.filter(({ parts }) => parts === undefined).map(
        ({ name }) => `${ENTERPRISE_SCHEMA}:${name}`,
      ),
    ];
    const before = created({ title: 'Kept', [ENTERPRISE_SCHEMA]: { division: 'Kept' } });
    const word = fc.stringMatching(/^[A-Za-z.:[\]" ]{0,20}[a-z]$/).filter((text) => text.trim() === text);
    fc.assert(
      fc.property(fc.constantFrom(...texts), word, fc.boolean(), (path, value, isNamed) => {
        const after = change(
          before,
          isNamed ? { op: 'add', path, value } : { op: 'replace', value: { [path]: value } },
        );
        const name = path.replace(`${ENTERPRISE_SCHEMA}:`, '');
        const isKept = ['title', 'division'].includes(name) && value === 'Kept';
        expect(changedFields(before, after)).toEqual(isKept ? [] : [name]);
      }),
    );
  });

  it('selects an entry by a filter whose text has the separators of a path', () => {
    const roles = ['urn:x:a', 'a.b.c', 'plain'].map((value) => ({ value }));
    for (const value of ['urn:x:a', 'a.b.c']) {
      const after = change(created({ roles }), {
        op: 'replace',
        path: `roles[value eq "${value}"].display`,
        value: 'D',
      });
      expect(after.attributes['roles']).toContainEqual({ value, display: 'D' });
      const removed = change(created({ roles }), { op: 'remove', path: `roles[value eq "${value}"]` });
      expect(removed.attributes['roles']).toHaveLength(2);
    }
  });

  it('replaces, merges, and removes the whole extension', () => {
    const before = created({ [ENTERPRISE_SCHEMA]: { department: 'A', division: 'B' } });
    const extensionOf = (operation: object) => change(before, operation).attributes[ENTERPRISE_SCHEMA];
    const value = { Department: 'C', costCenter: '7' };
    for (const operation of [
      { op: 'replace', path: ENTERPRISE_SCHEMA, value },
      { op: 'add', value: { [ENTERPRISE_SCHEMA]: value } },
    ])
      expect(extensionOf(operation)).toEqual({ department: 'C', division: 'B', costCenter: '7' });
    expect(extensionOf({ op: 'remove', path: ENTERPRISE_SCHEMA })).toBeUndefined();
    expect(extensionOf({ op: 'replace', path: `${ENTERPRISE_SCHEMA}:department`, value: null })).toEqual({
      division: 'B',
    });
    expect(extensionOf({ op: 'replace', path: 'department', value: 'x' })).toEqual({ department: 'A', division: 'B' });
  });

  it('adds an entry once, and rejects the change of an entry that does not exist', () => {
    const phone = { type: 'work', value: '1' };
    const before = created({ phoneNumbers: [phone] });
    const phones = (...operations: object[]) => change(before, ...operations).attributes['phoneNumbers'];
    expect(phones({ op: 'add', path: 'phoneNumbers', value: [{ VALUE: '1', Type: 'work' }] })).toEqual([phone]);
    expect(phones({ op: 'add', path: 'phoneNumbers', value: { value: '2' } })).toEqual([phone, { value: '2' }]);
    expect(phones({ op: 'replace', path: 'phoneNumbers', value: { value: '2' } })).toEqual([{ value: '2' }]);
    expect(phones({ op: 'remove', path: 'phoneNumbers', value: [phone] })).toBeUndefined();
    for (const op of ['add', 'replace'])
      expect(() => phones({ op, path: 'phoneNumbers[type eq "x"]', value: phone })).toThrow(
        rejectedAs('scim_no_target'),
      );
  });

  it.each([
    ['a part of a list without a filter', 'addresses.country'],
    ['an unknown part', 'addresses[type eq "work"].planet'],
    ['an unknown part in the filter', 'addresses[planet eq "x"].country'],
    ['a filter on an attribute with one value', 'title[value eq "x"]'],
    ['a part of text', 'title.value'],
    ['a prototype', `${ENTERPRISE_SCHEMA}:manager.__proto__`],
  ])('is rejected for %s', (_what, path) => {
    expect(() => change(created({ title: 'x' }), { op: 'replace', path, value: 'x' })).toThrow(
      rejectedAs('scim_invalid_path'),
    );
  });

  it('has at most 100 entries in the lists of all operations together', () => {
    const add = { op: 'add', path: 'roles', value: Array.from({ length: 20 }, () => ({ value: 'x' })) };
    const many = (count: number) => () => change(created(), ...Array.from({ length: count }, () => add));
    expect(many(5)).not.toThrow();
    expect(many(6)).toThrow(rejectedAs('scim_invalid_value'));
  });

  it('changes nothing in the user before the patch', () => {
    const before = created({ addresses: [{ country: 'A' }], name: { middleName: 'M' } });
    const copy = structuredClone(before);
    change(before, { op: 'replace', path: 'addresses[country eq "A"].country', value: 'B' });
    change(before, { op: 'replace', path: 'name.middleName', value: 'N' });
    expect(before).toEqual(copy);
  });
});

describe('the full name', () => {
  it('follows the parts of the name unless the directory sent another one', () => {
    const name = { formatted: 'Given Family', givenName: 'Given', familyName: 'Family' };
    const rename = { op: 'replace', path: 'name.familyName', value: 'Other' };
    expect(change(created({ name }), rename)).toMatchObject({ displayName: 'Given Other', attributes: {} });
    expect(change(created({ name: { ...name, formatted: 'Dr. Given Family' } }), rename)).toMatchObject({
      displayName: 'Dr. Given Family',
      attributes: { name: { formatted: 'Dr. Given Family' } },
    });
  });
});

describe('the selection of attributes', () => {
  const resource = { schemas: ['s'], id: 'i', enterprise: { department: 'd', manager: { value: 'v', ref: 'r' } } };
  const of = (query: Record<string, string>) => new Projection(query).of(resource)['enterprise'];

  it('knows the extension by its URN', () => {
    expect(of({ attributes: ENTERPRISE_SCHEMA })).toEqual(resource.enterprise);
    expect(of({ attributes: `${ENTERPRISE_SCHEMA}:department` })).toEqual({ department: 'd' });
    expect(of({ attributes: `${ENTERPRISE_SCHEMA}:manager.value` })).toEqual({ manager: { value: 'v' } });
    expect(of({ excludedAttributes: `${ENTERPRISE_SCHEMA}:manager` })).toEqual({ department: 'd' });
    expect(of({ attributes: 'userName' })).toBeUndefined();
  });

  it('takes one look-up for an attribute, however many names the request lists', () => {
    const attributes = Array.from({ length: 2_000 }, (_, i) => `a${i}`).join(',');
    const projection = new Projection({ attributes });
    const passes = jest.spyOn(Set.prototype as Set<unknown>, Symbol.iterator);
    projection.of(resource);
    expect(passes).not.toHaveBeenCalled();
    passes.mockRestore();
  });
});

describe('the sort order', () => {
  it('is the SQL of an attribute with one value, otherwise the id', () => {
    const order = (path?: string) => compileOrder(path, USER_FILTER);
    expect([order('userName'), order('emails.value'), order('TITLE')]).toEqual([
      'lower(r.user_name)',
      'r.email',
      "lower((r.attributes ->> 'title'))",
    ]);
    expect([order(), order('addresses'), order('unknown; --'), order('__proto__')]).toEqual(Array(4).fill('r.id'));
  });
});
