import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import circus from 'jest-circus/runner';
import SharedModules from './environment.mjs';
import { setGlobals } from './globals.mjs';
import { registerSourceMapsIn } from './typescript.mjs';

const require = createRequire(import.meta.url);
const EVENT_HANDLERS = Symbol.for('EVENT_HANDLERS');

/** Requires a module of the framework again, without the state that the previous test file left. */
function requireAgain(file) {
  delete require.cache[require.resolve(file)];
  delete globalThis[EVENT_HANDLERS];
  return require(file);
}

/** The part of Jest's runtime that loads modules, replaced by Node's own loader. */
const nodeRuntime = (runtime, testPath) =>
  Object.assign(Object.create(runtime), {
    requireInternalModule: requireAgain,
    setGlobalsForRuntime: (globals) => {
      runtime.setGlobalsForRuntime(globals);
      setGlobals(runtime.requireModuleOrMock(testPath, '@jest/globals'));
    },
    unstable_shouldLoadAsEsm: () => true,
    // Node evaluates a module once, and a worker runs each test file once.
    unstable_importModule: (file) => import(pathToFileURL(file).href),
  });

/** Runs a test file with Jest's own framework (Jest's `testRunner` option). */
export default function run(globalConfig, config, environment, runtime, testPath, send) {
  const isShared = environment instanceof SharedModules;
  if (isShared) registerSourceMapsIn(runtime.getSourceMaps());
  const chosen = isShared ? nodeRuntime(runtime, testPath) : runtime;
  return circus.default(globalConfig, config, environment, chosen, testPath, send);
}
