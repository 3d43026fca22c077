import { randomBytes } from 'node:crypto';
import type { PoolClient, QueryResult, QueryResultRow } from 'pg';
import type { AuditRow } from './audit-row.js';
import { errorCode, isUnavailable, READ_ONLY } from './errors.js';
import { enterStatement, type FunctionCall, type Statement } from './statement.js';
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

/** The row of an enter function, with the time of the database at the start of the transaction. */
type Entered<R> = R & { database_time: Date };

/** The command tags of statements that leave nothing on the connection. */
const STATELESS = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE']);

/** At any other isolation level, a tenant context only reads (ADR 29). A role or a database can change the default. */
const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED';

/** A database transaction on one connection, from BEGIN to COMMIT or ROLLBACK. The unit of work creates it. */
export class Transaction {
  /** Audit events to write with the commit. */
  readonly log: AuditRow[] = [];
  private readonly afterCommitHooks: (() => void)[] = [];
  private ended = false;
  private entered = false;
  private startedAt = 0;
  private startedMs = 0;
  /** Why the connection is closed and not reused; undefined while it is usable. */
  private unusable: Error | undefined;

  /** `direct` is false behind PgBouncer, which resets connections itself and prepares no statements. */
  constructor(
    private readonly client: PoolClient,
    private readonly direct: boolean,
    readonly readOnly: boolean,
  ) {}

  /** Sends BEGIN and the call of the enter function in one packet, and returns its row. */
  async enter<R extends QueryResultRow>(call: FunctionCall): Promise<R> {
    const sent = pipelined(
      this.client,
      () => [this.client.query(BEGIN), this.send<Entered<R>>(enterStatement(call))] as const,
    );
    const [begun, entered] = await Promise.allSettled(sent);
    if (begun.status === 'rejected') throw this.noted(begun.reason);
    if (entered.status === 'rejected') throw entered.reason;
    const row = entered.value.rows[0]!;
    this.entered = true;
    this.startedAt = performance.now();
    this.startedMs = row.database_time.getTime();
    return row;
  }

  /** The time of the database in milliseconds since the Unix epoch. The clock of this process does not affect it. */
  get databaseMs(): number {
    return Math.floor(this.startedMs + performance.now() - this.startedAt);
  }

  /** True if a statement failed because the server cannot serve this connection. */
  get failedByServer(): boolean {
    return isUnavailable(this.unusable);
  }

  /** True until the transaction has ended. */
  get open(): boolean {
    return !this.ended;
  }

  /** Sends a statement and returns its result. Statements are pipelined: several can be in flight. */
  async send<R extends QueryResultRow>({ text, values, prepare = true }: Statement): Promise<QueryResult<R>> {
    if (this.ended) throw new Error('the transaction has ended');
    const name = this.direct && prepare ? statementName(text) : undefined;
    try {
      const result = await this.client.query<R>({ text, values, ...(name !== undefined && { name }) });
      if (!STATELESS.has(result.command)) this.unusable ??= new Error(`${result.command} may have left session state`);
      return result;
    } catch (error) {
      throw this.noted(error);
    }
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
      return [this.end('COMMIT', sending), ...sending] as const;
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
    withNextBatch(this.client, () => this.client.query(this.ending('COMMIT'))).catch(() => undefined);
    this.client.release(this.unusable);
    this.afterCommitHooks.forEach((fn) => fn());
  }

  /** Ends the transaction and releases the connection, after the outcomes of `last` are noted. */
  private async end(command: 'COMMIT' | 'ROLLBACK', last: Promise<unknown>[] = []): Promise<QueryResult> {
    this.ended = true;
    try {
      const results = await this.client.query(this.ending(command));
      await Promise.allSettled(last);
      this.client.release(this.unusable);
      return [results].flat()[0]!;
    } catch (error) {
      this.client.release(this.noted(error) as Error);
      throw error;
    }
  }

  /**
   * Returns the message that ends the transaction. Settings that a statement changed for the session, such as with
   * set_config, do not reach the next transaction of the connection.
   */
  private ending(command: 'COMMIT' | 'ROLLBACK'): string {
    return this.direct ? `${command}; RESET ALL` : command;
  }

  /** Notes an error that makes the connection unusable, and returns the error for the caller. */
  private noted(error: unknown): unknown {
    if (!isUnavailable(error)) return error;
    this.unusable = error as Error;
    // Only the transaction of a read is read-only by its own choice, from the enter function on.
    if (errorCode(error) !== READ_ONLY || !this.readOnly || !this.entered) return error;
    this.unusable = new Error('a statement of a read-only request changed data', { cause: error });
    return this.unusable;
  }
}
