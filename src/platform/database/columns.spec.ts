import { describe, expect, it } from '@jest/globals';
import { insertInto, selectList, setList, type Columns } from './columns.js';

interface Row {
  id: string;
  orgId: string;
  rules: string[] | null;
}
const COLUMNS: Columns<Row> = { id: 'id', orgId: 'org_id', rules: { json: 'rules' } };

describe('columns', () => {
  it('are selected with the names of their properties', () =>
    expect(selectList(COLUMNS)).toBe('id, org_id AS "orgId", rules'));

  it('are numbered after existing values, encode jsonb as JSON text, and omit undefined', () => {
    const values: unknown[] = ['key'];
    expect(setList(COLUMNS, { orgId: 'a', id: undefined, rules: ['x'] }, values)).toEqual([
      'org_id = $2',
      'rules = $3',
    ]);
    expect(values).toEqual(['key', 'a', '["x"]']);
  });

  it('are inserted as parameters and store null as NULL', () =>
    expect(insertInto('t', COLUMNS, { id: '1', orgId: undefined, rules: null })).toEqual({
      text: 'INSERT INTO t (id, rules) VALUES ($1, $2)',
      values: ['1', null],
    }));

  it.each(['other', 'constructor', 'id) VALUES (1); --'])('throw for the undeclared property %s', (property) => {
    const row = { [property]: 1 } as Partial<Row>;
    expect(() => insertInto('t', COLUMNS, row)).toThrow('no column is declared');
    expect(() => setList(COLUMNS, row, [])).toThrow('no column is declared');
  });
});
