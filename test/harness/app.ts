import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Redis } from 'ioredis';
import { AppModule } from '../../src/app.module.js';
import { Operator } from '../../src/cli/operator.js';
import { Clock } from '../../src/platform/clock/clock.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { createApp } from '../../src/platform/http/index.js';
import { RATE_LIMIT_REDIS } from '../../src/platform/http/rate-limit.js';
import { JobRunner } from '../../src/platform/jobs/job-runner.js';
import { OutboxRelay } from '../../src/platform/jobs/outbox-relay.js';
import { Scheduler } from '../../src/platform/jobs/scheduler.js';
import { Client } from './client.js';
import { createDatabase, required, type TestDatabase } from './database.js';
import { Factories } from './factories.js';
import { until } from './until.js';

/** Makes exact limits testable on a busy machine: the process waits for Redis instead of counting locally. */
export function countInRedis(app: INestApplicationContext): void {
  app.get<Redis>(RATE_LIMIT_REDIS).options.commandTimeout = 60_000;
}

export interface HarnessOptions {
  takeJobs?: boolean;
  env?: Record<string, string>;
  /** Creates tables of the test in addition to the migrated ones. */
  schema?: (database: TestDatabase) => Promise<void>;
  /** Maps the database URLs of the API and the worker, such as to a connection pooler. */
  through?: (url: string) => string;
}

/** A complete installation for one test file: an API on its own port, a worker, a database, and a Redis database. */
export class Harness {
  private readonly browsers = new Map<string, Client>();

  private constructor(
    readonly url: string,
    readonly env: Record<string, string>,
    readonly api: NestExpressApplication,
    readonly worker: INestApplicationContext,
    readonly database: TestDatabase,
    private readonly folder: string,
  ) {}

  /** Starts the installation. The worker takes jobs by default; schedules run only through `tick`. */
  static async start(options: HarnessOptions = {}): Promise<Harness> {
    const database = await createDatabase();
    try {
      await options.schema?.(database);
      await database.sync();
      return await Harness.startOn(database, options);
    } catch (error) {
      await database.drop();
      throw error;
    }
  }

  private static async startOn(
    database: TestDatabase,
    { takeJobs = true, env: more = {}, through = (url) => url }: HarnessOptions,
  ): Promise<Harness> {
    const folder = await mkdtemp(path.join(tmpdir(), 'vouchsafe-test-'));
    const env: Record<string, string> = {
      ...database.env,
      DATABASE_URL: through(database.env['DATABASE_URL']!),
      WORKER_DATABASE_URL: through(database.env['WORKER_DATABASE_URL']!),
      VOUCHSAFE_ENV: 'test',
      PORT: '0',
      HOST: '127.0.0.1',
      PUBLIC_URL: 'http://127.0.0.1:3000',
      LOG_LEVEL: 'fatal',
      STORAGE_DIR: folder,
      MAIL_DIR: path.join(folder, 'mail'),
      REDIS_URL: await emptyRedis(),
      ROOT_KEY: required('ROOT_KEY'),
      JWT_SECRET: required('JWT_SECRET'),
      SHUTDOWN_SECONDS: '5',
      ...more,
    };
    const config = loadConfig(env, 'api');
    const api = await createApp(AppModule.forRoot(config), config);
    countInRedis(api);
    await api.listen(0, '127.0.0.1');
    const worker = await NestFactory.createApplicationContext(AppModule.forRoot(loadConfig(env, 'worker')), {
      logger: false,
      abortOnError: false,
    });
    if (takeJobs) {
      worker.get(JobRunner).start();
      worker.get(OutboxRelay).start();
    }
    const { port } = api.getHttpServer().address() as AddressInfo;
    return new Harness(`http://127.0.0.1:${port}`, env, api, worker, database, folder);
  }

  /** Creates organizations, members, and people, as an operator does. */
  readonly make = new Factories(() => this.operator);

  get operator(): Operator {
    return new Operator(this.worker);
  }

  /** Returns a client that has not signed in. */
  client(): Client {
    return new Client(this.url);
  }

  /** Returns a client that signed in by password, in the browser that the user always uses. */
  async signIn(email: string, password = Factories.PASSWORD): Promise<Client> {
    const client = this.browsers.get(email)?.sameBrowser ?? this.client();
    this.browsers.set(email, client);
    const { status, text } = await client.post('/v1/auth/login', { email, password });
    if (status !== 200) throw new Error(`${email} could not sign in: ${text}`);
    return client;
  }

  /** Moves the clock of the API and the worker. */
  advance(seconds: number): void {
    for (const app of [this.api, this.worker]) app.get(Clock).shiftMs += seconds * 1_000;
  }

  /** Runs the schedules that are due. */
  tick(): Promise<number> {
    return this.worker.get(Scheduler).tick();
  }

  /** Waits until all jobs have ended. */
  async settled(): Promise<void> {
    await until('all jobs have ended', async () => {
      const [row] = await this.database.superuser<{ open: string }>(
        `SELECT count(*) AS open FROM outbox WHERE state IN ('pending', 'dispatched')`,
      );
      return row!.open === '0';
    });
  }

  async stop(): Promise<void> {
    await this.worker.get(OutboxRelay).stop();
    await this.worker.get(JobRunner).stop(2_000);
    await Promise.all([this.worker.close(), this.api.close()]);
    await this.database.drop();
    await rm(this.folder, { recursive: true, force: true });
    // A worker keeps the modules of ended test files, and with them this object.
    Object.assign(this, { api: undefined, worker: undefined });
  }
}

/** Empties and returns the Redis database of this Jest worker. */
export async function emptyRedis(): Promise<string> {
  const url = new URL(required('REDIS_URL'));
  url.pathname = `/${process.env['JEST_WORKER_ID'] ?? '1'}`;
  const redis = new Redis(url.href);
  await redis.flushdb();
  redis.disconnect();
  return url.href;
}
