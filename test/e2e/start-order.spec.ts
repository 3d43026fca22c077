import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { emptyRedis } from '../harness/app.js';
import { createDatabase, type TestDatabase } from '../harness/database.js';
import { freePort, Program, ready } from '../harness/processes.js';
import { until } from '../harness/until.js';

const FAILED_ATTEMPTS = 8;

let database: TestDatabase;
let gate: Server;
let attempts = 0;
let program: Program | undefined;

/** Listens in front of Postgres. Ends every connection until the database counts as started. */
beforeAll(async () => {
  database = await createDatabase();
  const target = new URL(database.env['DATABASE_URL']!);
  gate = createServer((socket) => {
    socket.on('error', () => undefined);
    attempts += 1;
    if (attempts <= FAILED_ATTEMPTS) {
      socket.destroy();
      return;
    }
    const server = connect(Number(target.port), target.hostname);
    server.on('error', () => socket.destroy());
    socket.on('close', () => server.destroy());
    socket.pipe(server).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(gate, 'listening');
});
afterEach(() => program?.kill());
afterAll(async () => {
  gate.close();
  await database.drop();
});

/** The environment of a process that connects to Postgres through the gate. */
async function environment(): Promise<Record<string, string>> {
  const through = (url: string) => Object.assign(new URL(url), { port: (gate.address() as AddressInfo).port }).href;
  return {
    ...(process.env as Record<string, string>),
    DATABASE_URL: through(database.env['DATABASE_URL']!),
    WORKER_DATABASE_URL: through(database.env['WORKER_DATABASE_URL']!),
    REDIS_URL: await emptyRedis(),
    VOUCHSAFE_ENV: 'test',
    LOG_LEVEL: 'info',
    HOST: '127.0.0.1',
    PORT: String(await freePort()),
  };
}

describe.each(['main', 'worker'] as const)('a process (%s) that starts before Postgres', (file) => {
  it('waits for the database and says so in its log', async () => {
    attempts = 0;
    const env = await environment();
    program = new Program(file, env);
    program.start();
    if (file === 'main') await ready(`http://127.0.0.1:${env['PORT']}`);
    else await until('the worker processes jobs', () => program!.output.includes('processing jobs'));
    expect(program.exitCode).toBeNull();
    expect(attempts).toBeGreaterThan(FAILED_ATTEMPTS);
    const lines = program.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: string; msg: string });
    expect(lines[0]).toMatchObject({
      level: 'error',
      msg: expect.stringContaining('Unable to connect to the database'),
    });
  });
});

describe('a worker that starts without Redis', () => {
  it('says so in its log, and keeps running', async () => {
    attempts = FAILED_ATTEMPTS;
    program = new Program('worker', {
      ...(await environment()),
      REDIS_URL: `redis://127.0.0.1:${await freePort()}`,
    });
    program.start();
    await until('the log says so', () => program!.output.includes('not ready: redis'));
    expect(program.exitCode).toBeNull();
  });
});
