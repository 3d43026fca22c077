import fs from 'node:fs';
import path from 'node:path';
import { inRoot, root } from './paths.mjs';

const LEFT_OUT = new Set(['.git', '.vouchsafe', 'coverage', 'node_modules']);

/** Copies the checkout to an empty folder; the copy shares the packages of the original. */
export function copyCheckout(folder) {
  fs.mkdirSync(folder);
  for (const name of fs.readdirSync(root))
    if (!LEFT_OUT.has(name)) fs.cpSync(inRoot(name), path.join(folder, name), { recursive: true });
  fs.symlinkSync(inRoot('node_modules'), path.join(folder, 'node_modules'));
}
