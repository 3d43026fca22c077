import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { forgetProcess, recordProcess, signalQuietly } from './run-files.mjs';

const LOG_LIMIT = 10 * 1024 * 1024;

function openLog(file) {
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return fs.openSync(file, size > LOG_LIMIT ? 'w' : 'a', 0o600);
}

/**
 * Starts a background process in its own process group. Ctrl-C then reaches only the supervisor, which stops the
 * processes in order. Output goes to `<home>/logs/<name>.log`.
 * Returns { name, pid, log, exited: Promise<{code, signal}>, running(), stop({signal, deadlineMs}), kill(signal) }.
 */
export function launch({ home, name, command, args = [], env, cwd, uid, gid }) {
  const log = path.join(home, 'logs', `${name}.log`);
  const fd = openLog(log);
  const child = spawn(command, args, { env, cwd, uid, gid, detached: true, stdio: ['ignore', fd, fd] });
  fs.closeSync(fd);
  let ended;
  const exited = new Promise((resolve) => {
    const finish = (outcome) => {
      ended ??= outcome;
      if (child.pid) signalQuietly(-child.pid, 'SIGKILL'); // ends the rest of its process group
      forgetProcess(home, name);
      resolve(ended);
    };
    child.once('error', (error) => finish({ code: null, signal: null, error }));
    child.once('exit', (code, signal) => finish({ code, signal }));
  });
  if (child.pid) recordProcess(home, name, child.pid);

  const kill = (signal = 'SIGKILL') => {
    if (!ended && child.pid) signalQuietly(child.pid, signal);
    return exited;
  };
  const stop = async ({ signal = 'SIGTERM', deadlineMs = 15_000 } = {}) => {
    void kill(signal);
    const timer = setTimeout(() => void kill('SIGKILL'), deadlineMs);
    const outcome = await exited;
    clearTimeout(timer);
    return outcome;
  };
  return { name, pid: child.pid, log, exited, running: () => !ended, stop, kill };
}

/** Runs a command to its end. Resolves to { code, stdout, stderr }, and does not reject for a non-zero code. */
export function run(command, args, { input, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...options,
    });
    const out = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => (out[name] += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, ...out }));
    if (input !== undefined) child.stdin.end(input);
  });
}
