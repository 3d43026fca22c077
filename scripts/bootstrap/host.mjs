import { Fixable } from '../lib/log.mjs';
import { run } from '../lib/process.mjs';
import { MINIMUM, nodeBinary } from '../lib/runtime.mjs';

const HOST_MINIMUM = 18;

/** Throws a clear error on hosts where later steps would fail with an unclear one. */
export function checkHost() {
  if (process.platform === 'win32') throw new Fixable('Windows is supported through WSL only.', 'wsl --install');
  if (Number(process.versions.node.split('.')[0]) < HOST_MINIMUM) {
    throw new Fixable(
      `Node ${HOST_MINIMUM} or later is required to install; this is ${process.version}.`,
      'npx --yes node@24 scripts/bootstrap.mjs',
    );
  }
}

/** Checks that the pinned Node runs on this host. It needs glibc. */
export async function checkPinnedNode() {
  const node = nodeBinary();
  const { code, stdout, stderr } = await run(node, ['--version']).catch((error) => ({
    code: 1,
    stdout: '',
    stderr: error.message,
  }));
  if (code === 0 && Number(/^v(\d+)/.exec(stdout)?.[1]) >= MINIMUM) return;
  throw new Fixable(
    `The pinned Node does not run on this machine (glibc is required): ${stderr.trim()}`,
    'docker compose -f docker/compose.yml up',
  );
}
