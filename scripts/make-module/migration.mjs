import fs from 'node:fs';
import { inRoot } from '../lib/paths.mjs';

/** The next free number of a migration, as four digits. */
function nextNumber(files) {
  const numbers = files.map((file) => Number(/^(\d{4})-/.exec(file)?.[1] ?? 0));
  return String(Math.max(0, ...numbers) + 1).padStart(4, '0');
}

/** The migration of a module: plain SQL where the folder has plain SQL, else the class that wraps it. */
export function migrationFor({ things, Things }, sql) {
  const files = fs.readdirSync(inRoot('migrations'));
  const number = nextNumber(files);
  if (files.some((file) => file.endsWith('.sql'))) return { file: `migrations/${number}-${things}.sql`, text: sql };
  const text = [
    "import { SqlMigration } from '../src/platform/database/sql-migration.js';",
    '',
    `export class ${Things}177000000${number} extends SqlMigration {`,
    '  protected readonly sql = /* sql */ `',
    sql.trimEnd().replace(/^(?=.)/gm, '    '),
    '  `;',
    '}',
    '',
  ].join('\n');
  return { file: `migrations/${number}-${things}.ts`, text };
}
