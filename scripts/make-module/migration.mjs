import fs from 'node:fs';
import { inRoot } from '../lib/paths.mjs';

/** Returns the next free number of a migration, as four digits. */
function nextNumber(files) {
  const numbers = files.map((file) => Number(/^(\d{4})-/.exec(file)?.[1] ?? 0));
  return String(Math.max(0, ...numbers) + 1).padStart(4, '0');
}

/** Returns the file and the text of the migration of a module. */
export function migrationFor({ things }, sql) {
  return { file: `migrations/${nextNumber(fs.readdirSync(inRoot('migrations')))}-${things}.sql`, text: sql };
}
