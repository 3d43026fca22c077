import fs from 'node:fs';

const TICKS_PER_SECOND = 100; // of /proc on every current Linux

/** Returns the fields of /proc/<pid>/stat from the third one (the state) on; undefined when the process has ended. */
function statOf(pid) {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

const sum = (numbers) => numbers.reduce((total, number) => total + Number(number), 0);

/**
 * Returns the CPU seconds, user and system, that a process and its children have used so far, including children that
 * have ended. Returns NaN where /proc does not exist.
 */
export function cpuSeconds(pid) {
  const own = statOf(pid);
  if (own === undefined) return NaN;
  const children = fs
    .readdirSync('/proc')
    .map((name) => /^\d+$/.test(name) && statOf(name))
    .filter((stat) => stat && Number(stat[1]) === pid);
  return (sum(own.slice(11, 15)) + sum(children.flatMap((stat) => stat.slice(11, 13)))) / TICKS_PER_SECOND;
}
