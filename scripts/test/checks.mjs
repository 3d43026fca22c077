import { readJson } from '../lib/files.mjs';
import { Fixable } from '../lib/log.mjs';
import { inRoot } from '../lib/paths.mjs';
import { run } from '../lib/process.mjs';
import { runCli } from '../start/application.mjs';
import { runTutorial } from '../tutorial/run.mjs';

/** Runs a script of package.json, so that `npm run lint` and this check are the same. */
const script =
  (name) =>
  async ({ env, signal }) => {
    const command = readJson(inRoot('package.json')).scripts[name];
    const { code, stdout, stderr } = await run('sh', ['-c', command], { env, signal, cwd: inRoot() });
    if (code !== 0)
      throw new Fixable(
        `${name} failed:\n${`${stdout}\n${stderr}`.trim()}`,
        `npm run ${name} (after you fix the errors)`,
      );
  };

/** Checks without a test runner. They run at the same time. */
export const checks = {
  lint: script('lint'),
  typecheck: script('typecheck'),
  boundaries: script('boundaries'),
  'generated docs are current': ({ env, signal }) => runCli(['docs', '--check'], { env, signal }),
  // Runs before Jest, so that its services do not slow down other suites.
  'the tutorial works as written': runTutorial,
};
