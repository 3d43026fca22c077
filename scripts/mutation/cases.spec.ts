import { describe, expect, it } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cases } from './cases.mjs';

const ROOT = join(import.meta.dirname, '../..');

describe('each mutation case', () => {
  it.each(cases)('edits the source of its control: $control', ({ file, edit }) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    expect(edit(text) === text ? `the edit changes nothing in ${file}` : 'edited').toBe('edited');
  });

  it.each(cases)('names tests that exist: $control', ({ tests }) => {
    const files = globSync('{src,test,scripts}/**/*.spec.ts', { cwd: ROOT });
    expect(tests.split('|').filter((one) => !files.some((file) => file.includes(one)))).toEqual([]);
  });

  it('has a name of its own', () => {
    const names = cases.map(({ control }) => control);
    expect(new Set(names).size).toBe(names.length);
  });
});
