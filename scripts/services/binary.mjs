import path from 'node:path';
import { debianTree, failureOf, libraryEnv, which } from './debian-tree.mjs';

/**
 * Returns the server to run: one of `names` on PATH, or `file` of the Debian package `debian`, unpacked into the cache.
 * `title` and `install` appear in error messages. Returns { command, env }.
 */
export async function serverBinary({ title, names, debian, file, install }) {
  const found = names.map(which).find(Boolean);
  if (found) return { command: found, env: {} };
  const inTree = (tree) => ({ command: path.join(tree, file), env: libraryEnv(tree) });
  const problem = (tree) => {
    const { command, env } = inTree(tree);
    return failureOf(command, ['--version'], env);
  };
  return inTree(await debianTree({ title, name: debian, packages: [debian], install, problem }));
}
