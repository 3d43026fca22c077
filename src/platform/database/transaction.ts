import { randomBytes } from 'node:crypto';
import type { PoolClient, QueryResult, QueryResultRow } from 'pg';
import type { AuditRow } from './audit-row.js';
import type { Statement } from './statement.js';
import { pipelined, withNextBatch } from './pipeline.js';

// Connections are shared by tenants. A name that SQL cannot guess is one it cannot give to a statement of its own.
const PREFIX = `s${randomBytes(12).toString('hex')}`;
const names = new Map<string, string>();
const MAX_NAMES = 500;

/** A name for a statement's text, so that each connection parses and plans it once. */
function statementName(text: string): string | undefined {
  let name = names.get(text);
  if (name === undefined && names.size < MAX_NAMES) {
    name = `${PREFIX}_${names.size}`;
    names.set(text, name);
  }
  return name;
}

/** One database transaction on one connection, from BEGIN to COMMIT or ROLLBACK. The unit of work makes it. */
export class Transaction {
  /** Entries for the log, written together with the commit. */
  readonly log: AuditRow[] = [];
  private readonly afterCommitHooks: (() => void)[] = [];
  private ended = false;

  constructor(
    private readonly client: PoolClient,
    private readonly prepares: boolean,
    readonly readOnly: boolean,
  ) {}

  /** Whether it can still be used. */
  get open(): boolean {
    return !this.ended;
  }

  /** Sends a statement and gives its result; pipelined, so that several may be on their way at once. */
  send<R extends QueryResultRow>({ text, values, prepare = true }: Statement): Promise<QueryResult<R>> {
    if (this.ended) return Promise.reject(new Error('the transaction has ended'));
    return this.client.query<R>({ text, values, ...(this.prepares && prepare ? { name: statementName(text) } : {}) });
  }

  /** Calls a function once the transaction is committed: for memories that must not hold what was undone. */
  afterCommit(fn: () => void): void {
    this.afterCommitHooks.push(fn);
  }

  /**
   * Sends last statements and COMMIT in one go. Throws when anything sent fails; then nothing of the transaction is
   * kept.
   */
  async commit(last: Statement[] = []): Promise<void> {
    if (this.ended) throw new Error('the transaction has ended');
    if (this.readOnly && last.length === 0) return this.leave();
    const [commit, ...sent] = pipelined(this.client, () => {
      const sending = last.map((statement) => this.send(statement));
      return [this.end('COMMIT'), ...sending] as const;
    });
    const outcomes = await Promise.allSettled([...sent, commit]);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    if ((await commit).command !== 'COMMIT') throw new Error('the transaction was rolled back by an earlier error');
    this.afterCommitHooks.forEach((fn) => fn());
  }

  /** Undoes everything; never throws. */
  async rollback(): Promise<void> {
    if (!this.ended) await this.end('ROLLBACK').catch(() => undefined);
  }

  /**
   * Ends a transaction that has nothing to lose: COMMIT is not waited for, and the connection goes back at once, so
   * that
   * COMMIT travels with what the next request sends. It can only fail with the connection, of which the pool and that
   * request learn by themselves.
   */
  private leave(): void {
    this.ended = true;
    withNextBatch(this.client, () => this.client.query('COMMIT')).catch(() => undefined);
    this.client.release();
    this.afterCommitHooks.forEach((fn) => fn());
  }

  private end(command: 'COMMIT' | 'ROLLBACK'): Promise<QueryResult> {
    this.ended = true;
    const done = this.client.query(command);
    done.then(
      () => this.client.release(),
      (error: Error) => this.client.release(error),
    );
    return done;
  }
}
