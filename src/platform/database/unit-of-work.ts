import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Pool, PoolClient, QueryResultRow } from 'pg';
import { DatabaseConfig } from '../config/index.js';
import { currentContext } from '../context/context.js';
import { auditStatements } from './audit-row.js';
import type { Entrance } from './entrances.js';
import { inOnePacket } from './in-one-packet.js';
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

  /** Begins a transaction through an entrance and makes it the context's; returns the entrance's one row. */
  async begin<R extends QueryResultRow>(entrance: Entrance): Promise<R> {
    const context = currentContext();
    if (context.transaction?.open) throw new Error('a transaction is open here already');
    const { transaction, row } = await this.resilience.connecting(() => this.enter<R>(entrance));
    context.transaction = transaction;
    return row;
  }

  /** Writes the audit events and the statements of the hooks, and commits. Throws when one fails; nothing is kept then. */
  async commit(): Promise<void> {
    const { transaction } = currentContext();
    if (!transaction?.open) return;
    const added = this.commitHooks.flatMap((hook) => hook(transaction));
    await transaction.commit([...auditStatements(transaction.log), ...added]);
  }

  /**
   * Writes the entries gathered so far: for who is about to enter elsewhere within the transaction, with another log.
   */
  async writeLog(): Promise<void> {
    const { log } = this.transaction;
    await Promise.all(auditStatements(log.splice(0)).map((statement) => this.transaction.send(statement)));
  }

  /** Undoes the transaction under way, if there is one. Never throws. */
  async rollback(): Promise<void> {
    await currentContext().transaction?.rollback();
  }

  /** Runs a function in a transaction of its own: committed when it returns, undone when it throws. */
  async run<T, R extends QueryResultRow = QueryResultRow>(
    entrance: Entrance,
    fn: (row: R) => Promise<T> | T,
  ): Promise<T> {
    const row = await this.begin<R>(entrance);
    currentContext().beginAgain = () => this.begin(entrance);
    try {
      const result = await fn(row);
      await this.commit();
      return result;
    } catch (error) {
      await this.rollback();
      throw error;
    }
  }

  /**
   * Runs what waits for others with no transaction open, before anything is changed: what follows happens in another
   * transaction of the
   * same caller, admitted anew. Throws what the function throws, and the Problem that by then stands in the caller's
   * way.
   */
  async outside<T>(fn: () => Promise<T>): Promise<T> {
    const context = currentContext();
    if (context.beginAgain === null) throw new Error('nobody was admitted here who could be admitted again');
    if (this.transaction.log.length > 0) throw new Error('something was recorded already: wait for others first');
    await this.commit();
    context.transaction = null;
    const result = await fn();
    await context.beginAgain();
    return result;
  }

  /**
   * A single statement outside any transaction and any tenant: for entrances that must be durable before what follows.
   */
  async once<R extends QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> {
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

  private async enter<R extends QueryResultRow>(entrance: Entrance): Promise<{ transaction: Transaction; row: R }> {
    const client: PoolClient = await this.pool.connect();
    const transaction = new Transaction(client, this.config.prepare === 'on', entrance.readOnly ?? false);
    const sent = inOnePacket(client, () => [client.query('BEGIN'), transaction.send<R>(entrance.statement)] as const);
    const [begun, entered] = await Promise.allSettled(sent);
    if (begun.status === 'fulfilled' && entered.status === 'fulfilled')
      return { transaction, row: entered.value.rows[0]! };
    await transaction.rollback();
    throw begun.status === 'rejected' ? begun.reason : (entered as PromiseRejectedResult).reason;
  }
}
