import { describe, expect, it } from '@jest/globals';
import { isTable, table } from './table.js';

describe('a list in the output of a command', () => {
  it('is a table with aligned columns, and every value is one line', () => {
    expect(
      table([
        { name: 'Okta', at: new Date(0), warnings: [] },
        { name: 'A longer\nname', warnings: ['one', 'two'], fault: null },
      ]).split('\n'),
    ).toEqual([
      'name           at                        warnings  fault',
      'Okta           1970-01-01T00:00:00.000Z  -         -',
      'A longer name  -                         one, two  -',
    ]);
  });

  it('is no table when it is empty or a list of texts', () => {
    expect([isTable([]), isTable(['text']), isTable([null]), isTable([{ id: 1 }])]).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });
});
