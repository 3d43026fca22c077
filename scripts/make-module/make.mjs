import fs from 'node:fs';
import path from 'node:path';
import { Fixable, say } from '../lib/log.mjs';
import { inRoot } from '../lib/paths.mjs';
import { run } from '../lib/process.mjs';
import { nodeEnv } from '../lib/runtime.mjs';
import { migrationFor } from './migration.mjs';
import { filled, namesOf } from './names.mjs';

const TEMPLATES = inRoot('scripts/make-module/templates');
const PARTS = ['controller', 'dto', 'feature', 'module', 'repository', 'service'];

const template = (file) => fs.readFileSync(path.join(TEMPLATES, file), 'utf8');

/** Returns every file of a module with its text. */
function filesOf(names) {
  const { things } = names;
  const folder = `src/modules/${things}`;
  return [
    ...PARTS.map((part) => ({ file: `${folder}/${things}.${part}.ts`, text: filled(template(`${part}.ts`), names) })),
    { file: `${folder}/index.ts`, text: filled(template('index.ts'), names) },
    migrationFor(names, filled(template('migration.sql'), names)),
    { file: `test/e2e/${things}.spec.ts`, text: filled(template('e2e.ts'), names) },
  ];
}

/** Throws when the module, its table, or one of its files exists. */
function assertFree({ things, table }, files) {
  const existing = [`src/modules/${things}`, ...files.map(({ file }) => file)].find((file) =>
    fs.existsSync(inRoot(file)),
  );
  if (existing !== undefined) throw new Fixable(`${existing} exists: nothing was written.`, 'choose another name');
  const migration = fs
    .readdirSync(inRoot('migrations'))
    .find((file) =>
      new RegExp(`CREATE TABLE (public\\.)?${table}\\b`).test(fs.readFileSync(inRoot('migrations', file), 'utf8')),
    );
  if (migration !== undefined)
    throw new Fixable(
      `The table ${table} exists (migrations/${migration}): nothing was written.`,
      'choose another name',
    );
}

async function format(files) {
  const { code, stdout, stderr } = await run(inRoot('node_modules/.bin/oxfmt'), files, {
    cwd: inRoot(),
    env: nodeEnv(),
  });
  if (code !== 0) throw new Error(`formatting failed:\n${stdout}\n${stderr}`);
}

const nextSteps = ({ Things, things, thing }) => `
Two edits by hand:
  1. src/app.module.ts: import { ${Things}Module } from './modules/${things}/index.js', and add it to \`imports\`.
  2. test/contract/expected/permissions.md: the roles that hold ${thing}:read and ${thing}:write.
     \`npm test -- contract/permissions\` prints the rows.
Then:
  npm run docs
  ROUTES=${things} npm test -- e2e/${things} contract/
docs/tutorial.md explains each file.`;

/** Writes the files of a module and prints the next steps. Throws for an invalid name, and never overwrites a file. */
export async function makeModule([plural, ...more], singular) {
  if (more.length > 0) throw new Fixable('Give exactly one name.', `npm run make:module ${plural}`);
  const names = namesOf(plural, singular);
  const files = filesOf(names);
  assertFree(names, files);
  for (const { file, text } of files) {
    fs.mkdirSync(path.dirname(inRoot(file)), { recursive: true });
    fs.writeFileSync(inRoot(file), text, { flag: 'wx' });
  }
  await format(files.map(({ file }) => file));
  for (const { file } of files) say(`+ ${file}`);
  say(nextSteps(names));
}
