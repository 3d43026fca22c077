import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import '../../src/app.module.js';
import { allFeatures } from '../../src/platform/feature/registry.js';

const claimsOfControls = (): string[] =>
  [...allFeatures()]
    .flatMap(({ controls = {} }) => Object.entries(controls))
    .flatMap(([control, { claims }]) => claims.map((claim) => `${claim} ${control}`))
    .toSorted();

/** Reads docs/claims.md. Returns an entry such as "M4 tenancy.isolation" for each id and control in the same row. */
function claimsInDocument(): string[] {
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

it('docs/claims.md lists exactly the claims of every control', () => {
  expect(claimsInDocument()).toEqual(claimsOfControls());
});
