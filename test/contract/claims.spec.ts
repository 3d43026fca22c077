import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import '../../src/app.module.js';
import { allFeatures } from '../../src/platform/feature/registry.js';

const promised = (): string[] =>
  [...allFeatures()]
    .flatMap(({ controls = {} }) => Object.entries(controls))
    .flatMap(([control, { claims }]) => claims.map((claim) => `${claim} ${control}`))
    .toSorted();

/** docs/claims.md, read back: "M4 tenancy.isolation" for each id and control that share a row. */
function explained(): string[] {
  const rows = readFileSync('docs/claims.md', 'utf8')
    .split('\n')
    .filter((row) => /^\| [A-Z]\d* /.test(row))
    .map((row) => row.split('|').map((cell) => cell.trim()));
  return rows
    .flatMap(([, ids = '', , controls = '']) =>
      ids.split(' ').flatMap((id) =>
        controls
          .replaceAll('`', '')
          .split(' ')
          .map((control) => `${id} ${control}`),
      ),
    )
    .toSorted();
}

it('docs/claims.md explains the claims of every control, and names no other', () => {
  expect(explained()).toEqual(promised());
});
