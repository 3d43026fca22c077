import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { inRoot } from '../lib/paths.mjs';

/** Folders with generated text or with quotations of it. */
const GENERATED = /^(docs\/generated|test\/contract\/expected)\//;

/** Returns whether the file is code or SQL, whose comments and long strings are checked. */
export const isCode = (file) => /\.([cm]?[jt]s|sql)$/.test(file);

/** Returns whether the check reads the file. */
export const isChecked = (file) => (isCode(file) || file.endsWith('.md')) && !GENERATED.test(file);

/** Returns the tracked and the new files to check, as paths relative to the root. */
export function filesToCheck() {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', args, { cwd: inRoot(), encoding: 'utf8' }).split('\n');
  return [...new Set(listed)].filter((file) => isChecked(file) && fs.existsSync(inRoot(file)));
}
