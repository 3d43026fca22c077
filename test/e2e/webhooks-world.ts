import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { startServices, type Services } from '../../scripts/services/index.mjs';
import { AppModule } from '../../src/app.module.js';
import { createOrganization, createUser } from '../../src/cli/organizations.js';
import { Operator } from '../../src/cli/operator.js';
import type { Preset } from '../../src/platform/access/roles.js';
import { newId } from '../../src/platform/clock/id.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { declared } from '../../src/platform/feature/registry.js';
import { createApp } from '../../src/platform/http/index.js';
import { signature } from '../../src/modules/webhooks/standard-webhooks.js';
import { secretKey } from '../../src/modules/webhooks/webhook-secret.js';
import { Foundation1770000000001 } from '../../migrations/0001-foundation.js';
import { Tenancy1770000000002 } from '../../migrations/0002-tenancy.js';
import { SignIn1770000000003 } from '../../migrations/0003-sign-in.js';
import { Audit1770000000004 } from '../../migrations/0004-audit.js';
import { Jobs1770000000005 } from '../../migrations/0005-jobs.js';
import { People1770000000006 } from '../../migrations/0006-people.js';
import { Webhooks1770000000007 } from '../../migrations/0007-webhooks.js';

const PASSWORD = 'Synthetic-Test-1';

export interface Answer { status: number; headers: Headers; body: Record<string, any> }
export interface Source { id: string; secret: string }
export interface Sending { id?: string; timestamp?: string | number; secret?: string; signature?: string; raw?: string | Buffer }

/** The API and a worker on services of their own, with two organizations. */
export class World {
  services: Services;
  api: NestExpressApplication;
  worker: INestApplicationContext;
  owner: pg.Pool;
  base: string;
  operator: Operator;
  private readonly home = mkdtempSync(path.join(tmpdir(), 'vouchsafe-webhooks-'));

  async start(): Promise<void> {
    this.services = await startServices({ home: this.home, durable: false, ignoreEnv: true });
    const env: Record<string, string> = { ...this.services.env, VOUCHSAFE_ENV: 'test', LOG_LEVEL: 'silent', PORT: '0', BODY_LIMIT_BYTES: '16384' };
    await this.migrate(env.MIGRATOR_DATABASE_URL!);
    const config = loadConfig(env, 'api');
    this.api = await createApp(AppModule.forRoot(config), config);
    await this.api.listen(0, '127.0.0.1');
    this.base = `http://127.0.0.1:${(this.api.getHttpServer().address() as AddressInfo).port}`;
    this.worker = await NestFactory.createApplicationContext(AppModule.forRoot(loadConfig(env, 'worker')), { logger: false, abortOnError: false });
    this.operator = new Operator(this.worker);
    this.owner = new pg.Pool({ connectionString: this.services.postgres!.url('postgres'), max: 2 });
    this.owner.on('error', () => undefined);
  }

  async stop(): Promise<void> {
    await this.api?.close();
    await this.worker?.close();
    await this.owner?.end();
    await this.services?.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  /** An organization and the cookie of its member with the role. */
  async organization(preset: Preset, role: string): Promise<{ orgId: string; cookie: string }> {
    const orgId = await createOrganization(this.operator, newId(), { name: 'Synthetic', preset });
    return { orgId, cookie: await this.member(orgId, role) };
  }

  async member(orgId: string, role: string): Promise<string> {
    const email = `${role}.${newId()}@test.example`;
    await createUser(this.operator, { email, org: orgId, role, password: PASSWORD, mustChange: false });
    const response = await fetch(`${this.base}/v1/auth/login`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ email, password: PASSWORD }),
    });
    return response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; ');
  }

  async call(cookie: string, method: string, address: string, body?: unknown): Promise<Answer> {
    return this.answer(await fetch(this.base + address, {
      method,
      headers: { cookie, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    }));
  }

  /** A source set up through the API. */
  async source(cookie: string, settings: Record<string, unknown> = {}): Promise<Source> {
    const { status, body } = await this.call(cookie, 'POST', '/v1/webhook-sources', { name: 'Partner', scheme: 'standard', ...settings });
    if (status !== 201) throw new Error(`the source was not created: ${status} ${JSON.stringify(body)}`);
    return body as unknown as Source;
  }

  /** Posts an event as a partner does, rightly signed unless told otherwise. */
  async send(source: Source, event: unknown, sending: Sending = {}): Promise<Answer> {
    const raw = Buffer.from(sending.raw ?? JSON.stringify(event));
    const id = sending.id ?? `msg_${newId()}`;
    const timestamp = String(sending.timestamp ?? Math.floor(Date.now() / 1_000));
    return this.answer(await fetch(`${this.base}/v1/webhooks/${source.id}`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': sending.signature ?? signature(secretKey(sending.secret ?? source.secret), { id, timestamp }, raw),
      },
      body: raw,
    }));
  }

  /** Asks the database until it gives the rows that are awaited. */
  async until<R extends pg.QueryResultRow>(text: string, values: unknown[], enough: (rows: R[]) => boolean): Promise<R[]> {
    const end = Date.now() + 30_000;
    for (;;) {
      const { rows } = await this.owner.query<R>(text, values);
      if (enough(rows)) return rows;
      if (Date.now() > end) throw new Error(`waited in vain; last seen: ${JSON.stringify(rows)}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Waits until no delivery of a source is open any more. */
  settled(sourceId: string): Promise<unknown> {
    return this.until(
      `SELECT i.id FROM webhook_inbox i JOIN outbox o ON o.org_id = i.org_id AND o.id = i.outbox_id
        WHERE i.source_id = $1 AND o.state IN ('pending', 'dispatched')`,
      [sourceId], (rows) => rows.length === 0,
    );
  }

  async events(orgId: string, type: string): Promise<{ meta: Record<string, unknown>; actor_type: string; actor_id: string | null; target_id: string | null }[]> {
    const { rows } = await this.owner.query(
      'SELECT meta, actor_type, actor_id, target_id FROM audit_events WHERE org_id = $1 AND type = $2 ORDER BY occurred_at, id', [orgId, type],
    );
    return rows;
  }

  private async answer(response: Response): Promise<Answer> {
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }

  private async migrate(url: string): Promise<void> {
    const dataSource = new DataSource({
      type: 'postgres', url, installExtensions: false, migrationsTransactionMode: 'each', extra: { max: 1 },
      migrations: [
        Foundation1770000000001, Tenancy1770000000002, SignIn1770000000003, Audit1770000000004, Jobs1770000000005,
        People1770000000006, Webhooks1770000000007,
      ],
    });
    await dataSource.initialize();
    await dataSource.query('SET ROLE vouchsafe_owner');
    await dataSource.runMigrations();
    const defaults = [...declared('permissions')].flatMap(([permission, { scopes }]) => Object.entries(scopes)
      .flatMap(([scope, roles]) => roles.map((role) => ({ role, permission, scope }))));
    await dataSource.query('SELECT app_private.sync_role_defaults($1)', [JSON.stringify(defaults)]);
    await dataSource.destroy();
  }
}

/** A synthetic person as a partner sends one. */
export function person(externalId: string, changes: Record<string, unknown> = {}, type = 'person.upserted') {
  return {
    type, timestamp: '2026-01-15T09:30:00Z',
    data: { externalId, kind: 'trainee', givenName: 'Synthetic', familyName: `Number ${randomBytes(2).toString('hex')}`, ...changes },
  };
}
