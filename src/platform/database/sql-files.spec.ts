import { describe, expect, it } from '@jest/globals';
import { digestOf, functionFiles, inOrder, migrationFiles, signaturesOf } from './sql-files.js';

const file = (name: string, text = '') => ({ path: `src/${name}.sql`, text });
const paths = (files: { path: string }[]) => files.map(({ path }) => path);
const define = (header: string) => `CREATE OR REPLACE FUNCTION ${header} LANGUAGE sql AS $$ SELECT 1 $$;`;

describe('SQL files', () => {
  it('are sorted by path, each after the files that it requires', () => {
    const files = [
      file('a', '-- Sample.\n-- requires z/z.sql\n-- requires m/m.sql\n\n-- A step that\n-- requires MFA.'),
      file('z/z'),
      file('m/m', '-- requires z/z.sql'),
    ];
    expect(paths(inOrder(files))).toEqual(['src/z/z.sql', 'src/m/m.sql', 'src/a.sql']);
  });

  it('are rejected when they require each other or a missing file', () => {
    const cycle = [file('a', '-- requires b.sql'), file('b', '-- requires a.sql')];
    expect(() => inOrder(cycle)).toThrow('SQL files require each other: src/a.sql → src/b.sql → src/a.sql');
    expect(() => inOrder([file('a', '-- requires c.sql')])).toThrow('src/a.sql requires c.sql, which does not exist');
  });

  it('have a digest that depends on path and text but not on order', () => {
    const [a, b] = [file('a', '1'), file('b', '2')];
    expect(digestOf([a, b])).toBe(digestOf([b, a]));
    expect(digestOf([a, b])).not.toBe(digestOf([a, file('b', '3')]));
    expect(digestOf([a, b])).not.toBe(digestOf([a, file('c', '2')]));
  });

  it('define each function signature once', () => {
    const text = `${define('app.f(\n  a integer,\n  b text\n) RETURNS text')}\n${define('app.f(a uuid) RETURNS text')}`;
    expect(signaturesOf([file('a', `-- CREATE FUNCTION app.g()\n${text}`)])).toEqual({
      'app.f': '(a integer, b text) RETURNS text; (a uuid) RETURNS text',
    });
    const twice = [file('a', define('app.f() RETURNS text')), file('b', define('app.f() RETURNS text'))];
    expect(() => signaturesOf(twice)).toThrow('app.f is defined in src/a.sql and in src/b.sql: keep one of them');
    expect(() => signaturesOf([file('a', 'CREATE FUNCTION app.f()')])).toThrow('write CREATE OR REPLACE FUNCTION');
  });

  it('of this version start with the baseline and define functions in the two schemas only', () => {
    expect(paths(migrationFiles())[0]).toBe('migrations/0001-baseline.sql');
    const names = Object.keys(signaturesOf(functionFiles()));
    expect(names).toContain('app.enter_session');
    expect(names.filter((name) => !/^app(_private)?\.[a-z_]+$/.test(name))).toEqual([]);
  });
});
