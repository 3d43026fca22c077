/** Types of the PgBouncer launcher, for tests that connect through it. */

export interface PgBouncer {
  readonly port: number;
  readonly pid: number;
  /** For example 1.24. */
  readonly version: string;
  /** Returns the URL of a database through PgBouncer. */
  through: (url: string) => string;
  stop: () => Promise<unknown>;
}

/** `urls`: the roles that may sign in, all at one server. `changes`: settings that differ from the shipped file. */
export function startPgBouncer(options: {
  home: string;
  urls: string[];
  changes?: Record<string, string | number | null>;
}): Promise<PgBouncer>;
