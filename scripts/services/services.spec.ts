import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startServices, type Services } from './index.mjs';

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('embedded services', () => {
  let home: string;
  let services: Services;

  beforeAll(async () => {
    home = fs.mkdtempSync(path.join(os.tmpdir(), 'services-'));
    services = await startServices({ home, durable: false, ignoreEnv: true });
  }, 120_000);

  afterAll(async () => {
    await services.stop();
    fs.rmSync(home, { recursive: true, force: true });
  });

  const url = (role: 'vouchsafe_app' | 'vouchsafe_worker' | 'vouchsafe_migrator'): string =>
    services.postgres!.url(role);

  test('restrict every secret to its owner', () => {
    for (const name of ['secrets.json', 'redis/redis.conf'])
      expect(fs.statSync(path.join(home, name)).mode & 0o077).toBe(0);
    expect(fs.existsSync(path.join(home, 'postgres.password'))).toBe(false);
  });

  test.each(['vouchsafe_app', 'vouchsafe_worker'] as const)(
    'prevent %s from creating objects and from becoming the owner',
    async (role) => {
      await expect(query(url(role), 'CREATE TABLE intruder (x int)')).rejects.toThrow('permission denied');
      await expect(query(url(role), 'CREATE TEMP TABLE intruder (x int)')).rejects.toThrow('permission denied');
      await expect(query(url(role), 'SET ROLE vouchsafe_owner')).rejects.toThrow('permission denied');
    },
  );

  test('apply row-level security to every role that signs in', async () => {
    const rows = await query(
      url('vouchsafe_app'),
      "SELECT rolname FROM pg_roles WHERE rolname LIKE 'vouchsafe_%' AND (rolsuper OR rolbypassrls)",
    );
    expect(rows).toEqual([]);
  });

  test('assign objects of the migrator to the owner, and keep them through a SIGKILL', async () => {
    await query(url('vouchsafe_migrator'), 'CREATE TABLE kept (x int)');
    const { port, pid } = services.postgres!;
    await services.postgres!.kill();
    await services.postgres!.start();
    expect(services.postgres!.port).toBe(port);
    expect(services.postgres!.pid).not.toBe(pid);
    expect(await query(url('vouchsafe_migrator'), "SELECT tableowner FROM pg_tables WHERE tablename = 'kept'")).toEqual(
      [{ tableowner: 'vouchsafe_owner' }],
    );
  });

  test('restart Redis on the same port after a SIGKILL', async () => {
    const { port, pid } = services.redis!;
    await services.redis!.kill();
    await services.redis!.start();
    expect(services.redis!.port).toBe(port);
    expect(services.redis!.pid).not.toBe(pid);
  });
});
