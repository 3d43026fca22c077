import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Pool, QueryResultRow } from 'pg';
import { DatabaseConfig } from '../config/index.js';
import { currentContext, withContext, type Context } from '../context/context.js';
import { auditStatements } from './audit-row.js';
import { Connections } from './connections.js';
import { errorCode, READ_ONLY } from './errors.js';
import type { TenantContext } from './tenant-context.js';
import { Resilience } from './resilience.js';
import type { Statement } from './statement.js';
import { Transaction } from './transaction.js';

/** Returns statements to send with the COMMIT of a transaction. */
export type BeforeCommit = (transaction: Transaction) => Statement[];

/**
 * Manages one transaction per request, job, or command. BEGIN and the enter function share a packet, and so do the
 * audit events and COMMIT. All settings are transaction-local, so transaction pooling is safe.
 */
@Injectable()
export class UnitOfWork {
  private readonly connections: Connections;
  private readonly resilience: Resilience;
  private readonly commitHooks: BeforeCommit[] = [];
  private checking = false;

  constructor(
    dataSource: DataSource,
    private readonly config: DatabaseConfig,
  ) {
    const { master } = dataSource.driver as unknown as { master: Pool };
    this.connections = new Connections(master, config.poolSize);
    // An open connection can stay read-only after a failover. Other failures leave the open connections usable.
    this.resilience = new Resilience((error) => {
      if (errorCode(error) === READ_ONLY) this.connections.renew();
    });
  }

  /** Registers statements that every transaction sends with its COMMIT, derived from its log. */
  beforeCommit(hook: BeforeCommit): void {
    this.commitHooks.push(hook);
  }

  /**
   * Begins the transaction of the current context and applies the identity of the tenant context. Returns the row of
   * the enter function.
   */
  async begin<R extends QueryResultRow>(tenant: TenantContext<R>): Promise<R> {
    const context = currentContext();
    if (context.transaction?.open) throw new Error('a transaction is already open in this context');
    const { transaction, row } = await this.resilience.connecting(() => this.enter<R>(tenant));
    context.transaction = transaction;
    context.work.transactions.add(transaction);
    if (tenant.identity !== undefined) context.identify(tenant.identity(row));
    if (tenant.credential !== undefined && (row['state'] ?? 'ok') === 'ok')
      this.connections.learn(tenant.credential, context.orgId);
    return row;
  }

  /** Writes the audit events and the statements of the hooks, and commits. If one fails, throws and commits nothing. */
  async commit(): Promise<void> {
    const { transaction, work } = currentContext();
    if (!transaction?.open) return;
    work.transactions.delete(transaction);
    const added = this.commitHooks.flatMap((hook) => hook(transaction));
    await transaction.commit([...auditStatements(transaction.log), ...added]);
    work.auditEvents += transaction.log.length;
  }

  /** Writes the audit events so far, before the transaction enters another organization with another log. */
  async writeLog(): Promise<void> {
    const { work } = currentContext();
    const { log } = this.transaction;
    work.auditEvents += log.length;
    await Promise.all(auditStatements(log.splice(0)).map((statement) => this.transaction.send(statement)));
  }

  /** Rolls back the transaction in progress, if there is one. Never throws. */
  async rollback(): Promise<void> {
    const { transaction, work } = currentContext();
    if (transaction === null) return;
    work.transactions.delete(transaction);
    await transaction.rollback();
    if (transaction.failedByServer) void this.checkServer();
  }

  /**
   * Runs a function in a new transaction and a derived context. Commits when the function returns and rolls back when
   * it throws. Throws when the caller's transaction is open, because a request must not hold two connections.
   */
  run<T, R extends QueryResultRow = QueryResultRow>(
    tenant: TenantContext<R>,
    fn: (row: R) => Promise<T> | T,
  ): Promise<T> {
    const context = currentContext();
    if (context.transaction?.open) return Promise.reject(new Error('a transaction is already open in this context'));
    return this.runIn(context.derive(), () => this.begin(tenant), fn);
  }

  /**
   * Runs a function in a context; `begin` begins its transaction. Only this method combines a context with BEGIN,
   * COMMIT, and ROLLBACK.
   */
  runIn<T, R>(context: Context, begin: () => Promise<R>, fn: (begun: R) => Promise<T> | T): Promise<T> {
    return withContext(context, async () => {
      try {
        const begun = await begin();
        context.allow({ begin });
        const result = await fn(begun);
        await this.commit();
        return result;
      } catch (error) {
        await this.rollback();
        throw error;
      }
    });
  }

  /**
   * Runs a function that waits for external systems while no transaction is open. Call it before anything has changed.
   * The caller continues in a new transaction with access checked again. Throws the error of the function, and a
   * Problem when access is now denied.
   */
  async withoutTransaction<T>(fn: () => Promise<T>): Promise<T> {
    const context = currentContext();
    const { begin } = context.again;
    if (begin === null) throw new Error('this context cannot begin another transaction');
    if (this.transaction.log.length > 0) throw new Error('an audit event was recorded: call this earlier');
    await this.commit();
    context.transaction = null;
    const result = await fn();
    await begin();
    return result;
  }

  /**
   * Runs one statement outside a transaction and without a tenant context, for enter functions whose effect must be
   * durable immediately.
   */
  async queryOnce<R extends QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> {
    return this.resilience.connecting(() => this.connections.query<R>(text, values));
  }

  /** Runs one statement of a boot check. Waits for a database that is starting. */
  async queryAtStart<R extends QueryResultRow>(text: string): Promise<R[]> {
    return this.resilience.starting(() => this.connections.query<R>(text));
  }

  /** Runs one statement outside a transaction and once, even while the circuit is open, for repairs by readiness. */
  queryForRepair<R extends QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> {
    return this.connections.query<R>(text, values);
  }

  /** Proves that this process can write to the database, and returns the time of the database. */
  async proveWrite(): Promise<Date> {
    const [row] = await this.queryOnce<{ at: Date }>('SELECT app.prove_write() AS at');
    return row!.at;
  }

  /** Closes the connections that are open now, each before its next use. */
  renewConnections(): void {
    this.connections.renew();
  }

  /**
   * Returns the rows of a statement in the current transaction; for repositories. Each connection prepares the text
   * once.
   */
  async sql<R extends QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> {
    return (await this.transaction.send<R>({ text, values })).rows;
  }

  /** Runs a statement in the current transaction and returns the number of affected rows. */
  async execute(text: string, values: unknown[] = []): Promise<number> {
    return (await this.transaction.send({ text, values })).rowCount ?? 0;
  }

  /** Runs `execute` without a prepared statement, for texts that vary with the input. */
  async executeVarying({ text, values }: Statement): Promise<number> {
    return (await this.transaction.send({ text, values, prepare: false })).rowCount ?? 0;
  }

  private get transaction(): Transaction {
    const { transaction } = currentContext();
    if (transaction === null) throw new Error('no transaction is open: use a route, a job, or unitOfWork.run');
    return transaction;
  }

  private async enter<R extends QueryResultRow>({
    call,
    credential,
    readOnly = false,
  }: TenantContext<R>): Promise<{ transaction: Transaction; row: R }> {
    const client = await this.connections.acquire(credential);
    const transaction = new Transaction(client, this.config.direct, readOnly);
    try {
      return { transaction, row: await transaction.enter<R>(call) };
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
  }

  /**
   * Proves a write after a statement failed as in an outage. The failure of the proof counts for the circuit breaker.
   * The statement's own error does not count, because SQL can raise any SQLSTATE.
   */
  private async checkServer(): Promise<void> {
    if (this.checking) return;
    this.checking = true;
    await this.proveWrite().catch(() => undefined);
    this.checking = false;
  }
}
