/** An error that the user can fix. It states the problem and one command that helps. */
export class Fixable extends Error {
  constructor(message, remedy) {
    super(message);
    this.name = 'Fixable';
    this.remedy = remedy;
  }
}

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

export const say = (line = '') => process.stdout.write(`${line}\n`);

/** Prints an error and its remedy; for unexpected errors, prints the stack. */
export function complain(error) {
  const known = error instanceof Fixable;
  process.stderr.write(`\n✗ ${known ? error.message : (error?.stack ?? error)}\n`);
  if (known && error.remedy) process.stderr.write(`  To fix it:  ${error.remedy}\n`);
}

/**
 * Runs `work` and shows its progress: on one line in a terminal, otherwise every ten seconds. Steps that
 * run at the same time cannot share the line. They set `alone: false`.
 */
export async function step(label, work, { alone = true } = {}) {
  const started = performance.now();
  const tty = alone && process.stdout.isTTY;
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
