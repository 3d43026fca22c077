import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ObjectKeyError } from './errors.js';
import { OBJECT_CATEGORIES, objectKey, parseObjectKey, safeFileName, type ObjectKeyParts } from './object-key.js';

const parts: ObjectKeyParts = {
  env: 'test',
  orgId: '0197a1b2-0000-7000-8000-000000000001',
  category: 'exports',
  entityId: '0197a1b2-0000-7000-8000-000000000002',
  uuid: '0197a1b2-0000-7000-8000-000000000003',
  filename: 'people.csv',
};
const key = `test/${parts.orgId}/exports/${parts.entityId}/${parts.uuid}-people.csv`;

const alphabet = fc.constantFrom(
  '.',
  '-',
  '/',
  '\\',
  '\0',
  ' ',
  'a',
  'Z',
  '9',
  '_',
  'é',
  '\u202e',
  '．',
  '／',
  '%2e',
  '\r\n',
  '李',
  '\ud800',
);
const nasty = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(alphabet, { maxLength: 150 }).map((list) => list.join('')),
);

describe('object keys', () => {
  it('have the form env/org/category/entity/uuid-filename and parse back', () => {
    expect(objectKey(parts)).toBe(key);
    expect(parseObjectKey(key)).toEqual(parts);
  });

  it('support at least nine categories', () => {
    expect(new Set(OBJECT_CATEGORIES).size).toBeGreaterThanOrEqual(9);
    for (const category of OBJECT_CATEGORIES)
      expect(parseObjectKey(objectKey({ ...parts, category })).category).toBe(category);
  });

  it('stay in their directory for any file name', () => {
    fc.assert(
      fc.property(nasty, (filename) => {
        const built = objectKey({ ...parts, filename });
        expect(built.split('/')).toHaveLength(5);
        expect(built).not.toContain('..');
        expect(parseObjectKey(built).filename).toBe(safeFileName(filename));
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['orgId', 'category', 'entityId', 'uuid', 'env'] as const)('reject a malformed %s', (name) => {
    for (const bad of [
      '',
      '..',
      'a/b',
      '../../etc',
      `${parts.orgId}/..`,
      parts.orgId.toUpperCase().replace('0', 'A'),
      `${parts[name]}\n`,
      'x\0',
    ]) {
      expect(() => objectKey({ ...parts, [name]: bad })).toThrow(ObjectKeyError);
    }
  });

  it('are rejected in any other form', () => {
    const others = [
      '',
      '/',
      '..',
      `/${key}`,
      `./${key}`,
      `${key}/`,
      `${key}\n`,
      `${key}\0`,
      `${key}/../x`,
      `../${key}`,
      key.replace('/exports/', '//'),
      key.replace('exports', 'secrets'),
      key.replace('people.csv', '..'),
      key.replace('people.csv', '.csv'),
      key.replace('people.csv', 'a..csv'),
      key.replace('people.csv', ''),
      key.replace('people', 'pe%2fople'),
      key.replaceAll('/', '\\'),
      key.toUpperCase(),
      key.replace('people', 'x'.repeat(100)),
    ];
    for (const other of others) expect(() => parseObjectKey(other)).toThrow(ObjectKeyError);
  });

  it('are rejected for arbitrary text', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        expect(() => parseObjectKey(text)).toThrow(ObjectKeyError);
      }),
    );
  });
});

describe('safe file names', () => {
  it.each([
    ['report.pdf', 'report.pdf'],
    ['../../etc/passwd', 'etc-passwd'],
    ['..\\..\\boot.ini', 'boot.ini'],
    ['Zoë Ó Briain (2).pdf', 'Zoe-O-Briain-2.pdf'],
    ['invoice\u202efdp.exe', 'invoice-fdp.exe'],
    ['a\0b\r\nc.txt', 'a-b-c.txt'],
    ['．．／secret', 'secret'],
    ['.htaccess', 'htaccess'],
    ['李雷', 'file'],
    ['...', 'file'],
    ['', 'file'],
  ])('convert %j to %j', (given, safe) => {
    expect(safeFileName(given)).toBe(safe);
  });

  it('keep the extension of a name that is too long', () => {
    expect(safeFileName(`${'long '.repeat(100)}.pdf`)).toMatch(/^long.{92,96}\.pdf$/);
  });

  it('are short, plain, and idempotent', () => {
    fc.assert(
      fc.property(nasty, (name) => {
        const safe = safeFileName(name);
        expect(safe).toMatch(/^\w+(?:[.-]\w+)*$/);
        expect(safe.length).toBeLessThanOrEqual(100);
        expect(safeFileName(safe)).toBe(safe);
      }),
      { numRuns: 1000 },
    );
  });
});
