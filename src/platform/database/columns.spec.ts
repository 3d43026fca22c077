import { describe, expect, it } from '@jest/globals';
import { insertInto, selectList, setList, type Columns } from './columns.js';

interface Row {
  id: string;
  orgId: string;
  rules: string[] | null;
}
const COLUMNS: Columns<Row> = { id: 'id', orgId: 'org_id', rules: { json: 'rules' } };

describe('columns', () => {
  it('are selected by the names of their properties', () =>
    expect(selectList(COLUMNS)).toBe('id, org_id AS "orgId", rules'));

  it('are assigned after the values that are there already, jsonb as JSON text, undefined not at all', () => {
    const values: unknown[] = ['key'];
    expect(setList(COLUMNS, { orgId: 'a', id: undefined, rules: ['x'] }, values)).toEqual([
      'org_id = $2',
      'rules = $3',
    ]);
    expect(values).toEqual(['key', 'a', '["x"]']);
  });

  it('are inserted as parameters; null is stored as NULL', () =>
    expect(insertInto('t', COLUMNS, { id: '1', orgId: undefined, rules: null })).toEqual({
      text: 'INSERT INTO t (id, rules) VALUES ($1, $2)',
      values: ['1', null],
    }));

  it.each(['other', 'constructor', 'id) VALUES (1); --'])('throw for the property %s, which has none', (property) => {
    const row = { [property]: 1 } as Partial<Row>;
    expect(() => insertInto('t', COLUMNS, row)).toThrow('no column is declared');
    expect(() => setList(COLUMNS, row, [])).toThrow('no column is declared');
  });
});
