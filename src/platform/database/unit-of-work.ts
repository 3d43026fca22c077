import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Pool, PoolClient, QueryResultRow } from 'pg';
import { DatabaseConfig } from '../config/index.js';
import { currentContext, withContext, type Context } from '../context/context.js';
import { auditStatements } from './audit-row.js';
import type { TenantContext } from './tenant-context.js';
import { pipelined } from './pipeline.js';
import { Resilience } from './resilience.js';
import type { Statement } from './statement.js';
import { Transaction } from './transaction.js';

/** Returns statements to send with the COMMIT of a transaction. */
export type BeforeCommit = (transaction: Transaction) => Statement[];

/**
 * One transaction a request, job or command: BEGIN and the entrance travel together, the log travels with COMMIT.
 * Settings are transaction-local, so transaction pooling is safe.
 */
@Injectable()
export class UnitOfWork implements OnModuleInit {
  private readonly resilience = new Resilience();
  private readonly commitHooks: BeforeCommit[] = [];

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: DatabaseConfig,
  ) {}

  /**
   * A connection that the server ends while it is in use tells its queries; without a listener of its own it would end
   * the process. The pool's listener is there only while a connection is idle.
   */
  onModuleInit(): void {
    const heard = new WeakSet<PoolClient>();
    this.pool.on('acquire', (client) => {
      if (!heard.has(client)) client.on('error', () => undefined);
      heard.add(client);
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
  async begin<R extends QueryResultRow>(entrance: TenantContext<R>): Promise<R> {
    const context = currentContext();
    if (context.transaction?.open) throw new Error('a transaction is open here already');
    const { transaction, row } = await this.resilience.connecting(() => this.enter<R>(entrance));
    context.transaction = transaction;
    context.work.transactions.add(transaction);
    if (entrance.identity !== undefined) context.identify(entrance.identity(row));
    return row;
  }

  /** Writes the audit events and the statements of the hooks, and commits. Throws when one fails; nothing is kept then. */
  async commit(): Promise<void> {
    const { transaction, work } = currentContext();
    if (!transaction?.open) return;
    work.transactions.delete(transaction);
    work.auditEvents += transaction.log.length;
    const added = this.commitHooks.flatMap((hook) => hook(transaction));
    await transaction.commit([...auditStatements(transaction.log), ...added]);
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
  }

  /**
   * Runs a function in a transaction and a derived context of its own: committed when it returns, rolled back when it
   * throws.
   */
  run<T, R extends QueryResultRow = QueryResultRow>(
    entrance: TenantContext<R>,
    fn: (row: R) => Promise<T> | T,
  ): Promise<T> {
    return this.runIn(currentContext().derive(), () => this.begin(entrance), fn);
  }

  /**
   * Runs a function in a context; `begin` begins its transaction. The only place where a context, BEGIN, COMMIT, and
   * ROLLBACK meet.
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
   * Runs a function that waits for others while no transaction is open, before anything has changed. The rest of the
   * caller runs in the next transaction, with access checked again. Throws what the function throws, and the Problem
   * that access then fails with.
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
   * A single statement outside any transaction and any tenant: for entrances that must be durable before what follows.
   */
  async queryOnce<R extends QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> {
    return this.resilience.connecting(async () => (await this.pool.query<R>(text, values)).rows);
  }

  /** Rows of a statement on the current transaction; for repositories. The text is prepared once a connection. */
  async sql<R extends QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> {
    return (await this.transaction.send<R>({ text, values })).rows;
  }

  /** Number of rows a statement touched on the current transaction. */
  async execute(text: string, values: unknown[] = []): Promise<number> {
    return (await this.transaction.send({ text, values })).rowCount ?? 0;
  }

  /** As `execute`, for a statement whose text varies with the input. It is not prepared. */
  async executeVarying({ text, values }: Statement): Promise<number> {
    return (await this.transaction.send({ text, values, prepare: false })).rowCount ?? 0;
  }

  private get transaction(): Transaction {
    const { transaction } = currentContext();
    if (transaction === null)
      throw new Error('no transaction is open here: enter by a route, a job, or unitOfWork.run');
    return transaction;
  }

  private get pool(): Pool {
    return (this.dataSource.driver as unknown as { master: Pool }).master;
  }

  private async enter<R extends QueryResultRow>(
    entrance: TenantContext<R>,
  ): Promise<{ transaction: Transaction; row: R }> {
    const client: PoolClient = await this.pool.connect();
    const transaction = new Transaction(client, this.config.prepare === 'on', entrance.readOnly ?? false);
    const sent = pipelined(client, () => [client.query('BEGIN'), transaction.send<R>(entrance.statement)] as const);
    const [begun, entered] = await Promise.allSettled(sent);
    if (begun.status === 'fulfilled' && entered.status === 'fulfilled')
      return { transaction, row: entered.value.rows[0]! };
    await transaction.rollback();
    throw begun.status === 'rejected' ? begun.reason : (entered as PromiseRejectedResult).reason;
  }
}
