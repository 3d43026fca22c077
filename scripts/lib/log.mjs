/** A failure that the reader can mend: says what is missing and the one command that helps. */
export class Fixable extends Error {
  constructor(message, mend) {
    super(message);
    this.name = 'Fixable';
    this.mend = mend;
  }
}

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

export const say = (line = '') => process.stdout.write(`${line}\n`);

/** Prints a failure and its remedy; the stack only for errors nobody foresaw. */
export function complain(error) {
  const known = error instanceof Fixable;
  process.stderr.write(`\n✗ ${known ? error.message : (error?.stack ?? error)}\n`);
  if (known && error.mend) process.stderr.write(`  To mend it:  ${error.mend}\n`);
}

/** Runs `work` and shows that it is under way: in place on a terminal, every ten seconds elsewhere. */
export async function step(label, work) {
  const started = performance.now();
  const tty = process.stdout.isTTY;
  const show = () =>
    tty ? process.stdout.write(`\r\x1b[2K· ${label} … ${seconds(started)}`) : say(`· ${label} … ${seconds(started)}`);
  if (tty) show();
  const timer = setInterval(show, tty ? 500 : 10_000);
  const end = (mark) => {
    clearInterval(timer);
    say(`${tty ? '\r\x1b[2K' : ''}${mark} ${label} (${seconds(started)})`);
  };
  try {
    const result = await work();
    end('✓');
    return result;
  } catch (error) {
    end('✗');
    throw error;
  }
}
