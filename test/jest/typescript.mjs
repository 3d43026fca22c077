import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';
import { swc } from './swc.mjs';

const GLOBALS = new URL('./globals.mjs', import.meta.url).href;

/** Maps each compiled file, by path and by URL, to the file with its source map. */
const compiled = new Map();
let registry = new Map();

/** Adds the source maps of all files, also of those compiled later, to the maps that Jest reads for stack traces. */
export function registerSourceMapsIn(maps) {
  registry = maps;
  for (const [name, mapFile] of compiled) maps.set(name, mapFile);
}

const isTypeScript = (url) => url?.startsWith('file:') && url.endsWith('.ts') && !url.includes('/node_modules/');

function compile(url, maps) {
  const filename = fileURLToPath(url);
  const { code, map } = transformSync(readFileSync(filename, 'utf8'), { ...swc, sourceMaps: true, filename });
  const mapFile = path.join(maps, `${createHash('sha256').update(filename).digest('hex')}.map`);
  writeFileSync(mapFile, map);
  for (const name of [filename, url]) {
    compiled.set(name, mapFile);
    registry.set(name, mapFile);
  }
  return code;
}

/** Lets Node import the TypeScript files of the project, with the functions of the running test file. */
export function installHooks() {
  const maps = process.env.TEST_SOURCE_MAPS;
  if (maps === undefined) throw new Error('TEST_SOURCE_MAPS is not set: run the tests with `npm test`');
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
