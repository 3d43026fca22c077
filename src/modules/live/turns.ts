/** Lets so many things run at once; the others wait in the order they came. */
export class Turns {
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(private readonly atOnce: () => number) {}

  async take<T>(fn: () => Promise<T>): Promise<T> {
    if (this.running >= this.atOnce()) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      return await fn();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }
}
