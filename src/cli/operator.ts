import { userInfo } from 'node:os';
import { text } from 'node:stream/consumers';
import type { INestApplicationContext, LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { SYSTEM_ORG_ID } from '../platform/clock/id.js';
import { loadConfig } from '../platform/config/config.js';
import { type Config } from '../platform/config/config.types.js';
import { Context, withContext } from '../platform/context/context.js';
import { enterOrganization } from '../platform/database/tenant-context.js';
import { UnitOfWork } from '../platform/database/unit-of-work.js';
import { declared, type AuditEventType } from '../platform/feature/registry.js';
import { Problem } from '../platform/problem/index.js';
import { isTable, table } from './table.js';

/** Gives CLI commands access to the application with the worker's database role, in one organization at a time. */
export class Operator {
  constructor(readonly app: INestApplicationContext) {}

  /** Runs a function in a transaction that has entered the organization. The actor of audit events is the operator. */
  within<T>(orgId: string, fn: () => Promise<T>): Promise<T> {
    return this.as(orgId, () => this.app.get(UnitOfWork).run(enterOrganization(orgId), fn));
  }

  /** Runs a function without a transaction. The actor of audit events is the operator. */
  as<T>(orgId: string, fn: () => Promise<T>): Promise<T> {
    const actor = { type: 'system', id: `operator:${userInfo().username}` } as const;
    const context = new Context({ orgId, actor, emits: declared('events').keys() as Iterable<AuditEventType> });
    return withContext(context, fn);
  }

  /**
   * Runs a function in a transaction that has entered the system organization. Commands that create an organization or
   * an institution use it, because no organization to enter exists yet.
   */
  installation<T>(fn: () => Promise<T>): Promise<T> {
    return this.within(SYSTEM_ORG_ID, fn);
  }
}

/** Starts the application without an HTTP server, runs a command, and prints its result. */
export async function operate(
  options: { json?: boolean },
  command: (operator: Operator) => Promise<Record<string, unknown>>,
): Promise<void> {
  const operator = await startOperator(loadConfig(process.env, 'cli'));
  try {
    print(await command(operator), options);
  } catch (error) {
    throw error instanceof Problem ? new Error(explained(error), { cause: error }) : error;
  } finally {
    await operator.app.close();
  }
}

/** Returns a problem as text: its title and code, its detail, and one line for each invalid field. */
function explained({ title, code, detail, errors = [] }: Problem): string {
  const fields = errors.map(({ field, message }) => `  ${field}: ${message}`);
  return [`${title} (${code})`, ...(detail === undefined ? [] : [detail]), ...fields].join('\n');
}

/** Starts the application without an HTTP server. The caller must close it. */
export async function startOperator(
  config: Config,
  logger: LogLevel[] | false = ['fatal', 'error', 'warn'],
): Promise<Operator> {
  return new Operator(
    await NestFactory.createApplicationContext(AppModule.forRoot(config), { logger, abortOnError: false }),
  );
}

/** Prints one JSON object, or one line per field. A list of objects is a table. */
export function print(result: Record<string, unknown>, { json }: { json?: boolean }): void {
  const lines = Object.entries(result).map(([key, value]) =>
    isTable(value)
      ? `${key}:\n${table(value)}\n`
      : `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  process.stdout.write(`${json ? JSON.stringify(result) : lines.join('\n')}\n`);
}

/** Reads the first line of standard input. */
export async function readSecret(): Promise<string> {
  return (await text(process.stdin)).split('\n')[0]!.replace(/\r$/, '');
}
