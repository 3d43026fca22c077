import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { readJson } from '../lib/files.mjs';
import { inRoot } from '../lib/paths.mjs';
import { nodeBinary, relay } from '../lib/runtime.mjs';

/**
 * Runs Jest with visible output. It exits when all results are available, because an open connection of a failed start
 * must not block the run.
 * Returns { passed, failed }; a suite that could not run counts as one failure.
 */
export async function runJest({ home, env, args }) {
  const outputFile = path.join(home, 'jest.json');
  const code = await relay(
    nodeBinary(),
    [
      inRoot('node_modules/jest/bin/jest.js'),
      '--maxWorkers=4', // more than cores: some files wait (docs/adr/0037)
      '--forceExit',
      '--json',
      `--outputFile=${outputFile}`,
      ...args,
    ],
    {
      cwd: inRoot(),
      env: {
        ...env,
        TEST_SOURCE_MAPS: path.join(home, 'maps'),
        NODE_OPTIONS:
          '--experimental-vm-modules --disable-warning=ExperimentalWarning ' +
          `--import=${pathToFileURL(inRoot('test/jest/threads.mjs')).href}`,
      },
    },
  );
  const result = readJson(outputFile);
  const passed = result?.numPassedTests ?? 0;
  const failed = (result?.numFailedTests ?? 0) + (result?.numRuntimeErrorTestSuites ?? 0);
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed };
}
