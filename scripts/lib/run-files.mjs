import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readJson, writePrivateJson } from './files.mjs';

/** Returns the start time, which distinguishes a process from a later one with the same id; null when it has ended. */
export function identity(pid) {
  try {
    if (process.platform !== 'linux')
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return null;
    return `${fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[18]}`;
  } catch {
    return null;
  }
}

/** Signals a process, or a process group for a negative id. Ignores a process that has ended. */
export function signalQuietly(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH' && error.code !== 'EPERM') throw error;
  }
}

const runFile = (home, name) => path.join(home, 'run', `${name}.json`);

/** Records a process, so that a later start can find it if this one is killed. */
export function recordProcess(home, name, pid) {
  writePrivateJson(runFile(home, name), { pid, identity: identity(pid) });
}

export const forgetProcess = (home, name) => fs.rmSync(runFile(home, name), { force: true });

/** Returns the id of the recorded process if it is still running. */
export function recordedProcess(home, name) {
  const record = readJson(runFile(home, name));
  return record?.identity && identity(record.pid) === record.identity ? record.pid : undefined;
}

/** Waits until the process has ended. Returns false when it still runs at the deadline. */
async function hasEnded(pid, deadlineMs) {
  const before = identity(pid);
  const end = Date.now() + deadlineMs;
  while (before !== null && identity(pid) === before) {
    if (Date.now() > end) return false;
    await delay(50);
  }
  return true;
}

/** Ends a process that a killed run left. */
export async function reapOrphan(home, name, signal = 'SIGTERM') {
  const pid = recordedProcess(home, name);
  if (pid !== undefined) {
    signalQuietly(pid, signal);
    if (!(await hasEnded(pid, 10_000))) signalQuietly(pid, 'SIGKILL');
    await hasEnded(pid, 5_000);
    signalQuietly(-pid, 'SIGKILL'); // ends its process group
  }
  forgetProcess(home, name);
}

/** Takes the lock of this name in this home. Returns the process that holds the lock, if there is one. */
export function takeLock(home, name) {
  for (;;) {
    const holder = recordedProcess(home, name);
    if (holder !== undefined) return holder;
    forgetProcess(home, name);
    try {
      const record = { pid: process.pid, identity: identity(process.pid) };
      fs.writeFileSync(runFile(home, name), JSON.stringify(record), { flag: 'wx', mode: 0o600 });
      return undefined;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error; // another start created the file first: check again
    }
  }
}
