import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A file of SQL statements. `path` is relative to the repository and uses slashes. */
export interface SqlFile {
  path: string;
  text: string;
}

const SOURCES = path.join(import.meta.dirname, '../..');
/** A `requires` line in the header comment of a file. */
const REQUIRES = /^-- requires (\S+\.sql)$/gm;
/** A function definition up to its language: name, arguments, and result. */
const HEADER = /CREATE OR REPLACE FUNCTION\s+([a-z_.]+)\s*(\([^]*?)\s+LANGUAGE\b/g;

/** Returns the files of a directory, migrations/ by default, in the order of their numbers. */
export function migrationFiles(folder = path.join(packageRoot(), 'migrations')): SqlFile[] {
  return read(folder, '*.sql', 'migrations');
}

/** Returns the SQL files under src; each file follows the files that its `-- requires` lines name. */
export function functionFiles(sources = SOURCES): SqlFile[] {
  return inOrder(read(sources, '**/*.sql', 'src'));
}

/** Returns the SHA-256 of files in hexadecimal. It depends on their paths and texts but not on their order. */
export function digestOf(files: readonly SqlFile[]): string {
  const entries = byPath(files).map((file) => [file.path, file.text]);
  return createHash('sha256').update(JSON.stringify(entries)).digest('hex');
}

/**
 * Sorts files by path and puts each file after the files that it requires. Postgres parses a `BEGIN ATOMIC` function, a
 * policy, or a trigger when it creates it, so the functions that it uses must exist.
 */
export function inOrder(files: readonly SqlFile[]): SqlFile[] {
  const sorted: SqlFile[] = [];
  const visit = (file: SqlFile, ancestors: readonly string[]) => {
    if (sorted.includes(file)) return;
    if (ancestors.includes(file.path))
      throw new Error(`SQL files require each other: ${[...ancestors, file.path].join(' → ')}`);
    for (const [, name] of headOf(file).matchAll(REQUIRES)) {
      const required = files.find((other) => other.path === `src/${name}`);
      if (required === undefined) throw new Error(`${file.path} requires ${name}, which does not exist`);
      visit(required, [...ancestors, file.path]);
    }
    sorted.push(file);
  };
  for (const file of byPath(files)) visit(file, []);
  return sorted;
}

/** Returns the comment lines before the first statement or empty line. */
function headOf({ text }: SqlFile): string {
  return /^(?:--.*\n?)*/.exec(text)![0];
}

/**
 * Returns the arguments and results of all overloads by function name. Throws when two files define the same function,
 * or when a definition lacks `OR REPLACE`.
 */
export function signaturesOf(files: readonly SqlFile[]): Record<string, string> {
  const found = new Map<string, Map<string, string>>();
  for (const file of files) {
    const code = file.text.replaceAll(/^\s*--.*$/gm, '');
    if (/CREATE FUNCTION/.test(code)) throw new Error(`${file.path}: write CREATE OR REPLACE FUNCTION`);
    for (const [, name, header] of code.matchAll(HEADER)) {
      const overloads = found.get(name!) ?? new Map<string, string>();
      const signature = header!.replaceAll(/\s+/g, ' ').replaceAll('( ', '(').replaceAll(' )', ')');
      if (overloads.has(signature))
        throw new Error(`${name} is defined in ${overloads.get(signature)} and in ${file.path}: keep one of them`);
      found.set(name!, overloads.set(signature, file.path));
    }
  }
  return Object.fromEntries([...found].map(([name, overloads]) => [name, [...overloads.keys()].toSorted().join('; ')]));
}

function read(folder: string, pattern: string, prefix: string): SqlFile[] {
  const files = globSync(pattern, { cwd: folder }).map((name) => ({
    path: `${prefix}/${name.replaceAll(path.sep, '/')}`,
    text: readFileSync(path.join(folder, name), 'utf8'),
  }));
  return byPath(files);
}

function byPath(files: readonly SqlFile[]): SqlFile[] {
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Returns the nearest parent directory with a package.json: migrations/ is next to src and dist. */
function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder);
  return folder;
}
