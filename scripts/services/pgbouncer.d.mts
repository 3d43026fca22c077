/** Types of PgBouncer's launcher, for tests that go through it. */

export interface PgBouncer {
  readonly port: number;
  readonly pid: number;
  /** Such as 1.24. */
  readonly version: string;
  /** The way of a database URL through it. */
  through: (url: string) => string;
  stop: () => Promise<unknown>;
}

/** `urls`: who may sign in, all at one server. `changes`: single settings other than those that are shipped. */
export function startPgBouncer(options: {
  home: string;
  urls: string[];
  changes?: Record<string, string | number | null>;
}): Promise<PgBouncer>;
