import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';
import { swc } from './swc.mjs';

const GLOBALS = new URL('./globals.mjs', import.meta.url).href;

/** Maps each compiled file, by path and by URL, to the file with its source map. Jest reads it for stack traces. */
export const sourceMaps = new Map();

const isTypeScript = (url) => url?.startsWith('file:') && /\.ts(\?|$)/.test(url) && !url.includes('/node_modules/');

function compile(url, maps) {
  const filename = fileURLToPath(url);
  const { code, map } = transformSync(readFileSync(filename, 'utf8'), { ...swc, sourceMaps: true, filename });
  const mapFile = path.join(maps, `${createHash('sha256').update(url).digest('hex')}.map`);
  writeFileSync(mapFile, map);
  sourceMaps.set(filename, mapFile).set(url, mapFile);
  return code;
}

/** Lets Node import the TypeScript files of the project, with the functions of the running test file. */
export function installHooks() {
  const maps = process.env.TEST_SOURCE_MAPS;
  mkdirSync(maps, { recursive: true });
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === '@jest/globals') return { url: GLOBALS, shortCircuit: true };
      if (!isTypeScript(context.parentURL) || !/^\.{1,2}\/.*\.js$/.test(specifier)) return next(specifier, context);
      return next(specifier.replace(/\.js$/, '.ts'), context);
    },
    load(url, context, next) {
      if (!isTypeScript(url)) return next(url, context);
      return { format: 'module', source: compile(url, maps), shortCircuit: true };
    },
  });
}
