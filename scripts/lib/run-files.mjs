import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readJson, writePrivateJson } from './files.mjs';

/** What tells a process from a later one with the same number: its start time; null when it is gone. */
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

/** Signals a process (or, below zero, a group) that may have ended meanwhile. */
export function signalQuietly(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH' && error.code !== 'EPERM') throw error;
  }
}

const runFile = (home, name) => path.join(home, 'run', `${name}.json`);

/** Remembers a process, so that a later start can find it should this one be killed. */
export function recordProcess(home, name, pid) {
  writePrivateJson(runFile(home, name), { pid, identity: identity(pid) });
}

export const forgetProcess = (home, name) => fs.rmSync(runFile(home, name), { force: true });

/** Number of the remembered process while it is still the same one. */
export function recordedProcess(home, name) {
  const record = readJson(runFile(home, name));
  return record?.identity && identity(record.pid) === record.identity ? record.pid : undefined;
}

/** Waits until the process is gone; false when it is still there at the deadline. */
async function gone(pid, deadlineMs) {
  const before = identity(pid);
  const end = Date.now() + deadlineMs;
  while (before !== null && identity(pid) === before) {
    if (Date.now() > end) return false;
    await delay(50);
  }
  return true;
}

/** Ends a process that an earlier, killed run left behind. */
export async function reapOrphan(home, name, signal = 'SIGTERM') {
  const pid = recordedProcess(home, name);
  if (pid !== undefined) {
    signalQuietly(pid, signal);
    if (!(await gone(pid, 10_000))) signalQuietly(pid, 'SIGKILL');
    await gone(pid, 5_000);
    signalQuietly(-pid, 'SIGKILL'); // it led a group of its own; what it started goes with it
  }
  forgetProcess(home, name);
}

/** Takes the only place of its name in this home; returns the process that holds it, if there is one. */
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
      if (error.code !== 'EEXIST') throw error; // another start was quicker: look again
    }
  }
}
