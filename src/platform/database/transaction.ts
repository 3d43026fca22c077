import { randomBytes } from 'node:crypto';
import type { PoolClient, QueryResult, QueryResultRow } from 'pg';
import type { AuditRow } from './audit-row.js';
import type { Statement } from './statement.js';
import { pipelined, withNextBatch } from './pipeline.js';

// Tenants share connections. The random prefix prevents SQL from creating a prepared statement with one of these names.
const NAME_PREFIX = `s${randomBytes(12).toString('hex')}`;
const names = new Map<string, string>();
const MAX_NAMES = 500;

/** Returns a name for a statement text, so that each connection parses and plans it once. */
function statementName(text: string): string | undefined {
  let name = names.get(text);
  if (name === undefined && names.size < MAX_NAMES) {
    name = `${NAME_PREFIX}_${names.size}`;
    names.set(text, name);
  }
  return name;
}

/** A database transaction on one connection, from BEGIN to COMMIT or ROLLBACK. The unit of work creates it. */
export class Transaction {
  /** Audit events to write with the commit. */
  readonly log: AuditRow[] = [];
  private readonly afterCommitHooks: (() => void)[] = [];
  private ended = false;

  constructor(
    private readonly client: PoolClient,
    private readonly prepares: boolean,
    readonly readOnly: boolean,
  ) {}

  /** True until the transaction has ended. */
  get open(): boolean {
    return !this.ended;
  }

  /** Sends a statement and returns its result. Statements are pipelined: several can be in flight. */
  send<R extends QueryResultRow>({ text, values, prepare = true }: Statement): Promise<QueryResult<R>> {
    if (this.ended) return Promise.reject(new Error('the transaction has ended'));
    return this.client.query<R>({ text, values, ...(this.prepares && prepare ? { name: statementName(text) } : {}) });
  }

  /** Calls a function after the commit, for in-memory state that must not contain rolled-back changes. */
  afterCommit(fn: () => void): void {
    this.afterCommitHooks.push(fn);
  }

  /**
   * Sends the last statements and COMMIT together. Throws when a statement or COMMIT fails; then nothing is committed.
   */
  async commit(last: Statement[] = []): Promise<void> {
    if (this.ended) throw new Error('the transaction has ended');
    if (this.readOnly && last.length === 0) return this.commitWithoutWaiting();
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

  /** Rolls back the transaction. Never throws. */
  async rollback(): Promise<void> {
    if (!this.ended) await this.end('ROLLBACK').catch(() => undefined);
  }

  /**
   * Ends a read-only transaction without waiting for COMMIT. The connection is released immediately, so that COMMIT
   * shares a packet with the next request. COMMIT can fail only with the connection; the pool and the next request then
   * see the error.
   */
  private commitWithoutWaiting(): void {
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
