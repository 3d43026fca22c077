import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startServices, type Services } from '../../scripts/services/index.mjs';
import { Client, type Answer } from '../harness/client.js';
import { freePort, Program, ready, runCli } from '../harness/processes.js';

const PASSWORD = 'Brisk-Otter-41';
const PROCESSES = 2;
/** The limit per IP that the route declares. */
const POINTS = 300;
const ACCOUNT_POINTS = 60;

let home: string;
let services: Services;
let programs: Program[];
let urls: string[];
let environment: Record<string, string>;

const cli = (args: string[], input = '') => runCli(environment, args, input);

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'vouchsafe-sign-in-'));
  services = await startServices({ home, durable: false, ignoreEnv: true });
  const ports = [await freePort(), await freePort()];
  urls = ports.map((port) => `http://127.0.0.1:${port}`);
  environment = {
    ...services.env,
    VOUCHSAFE_ENV: 'test',
    LOG_LEVEL: 'fatal',
    HOST: '127.0.0.1',
    TRUST_PROXY: 'loopback',
    API_PROCESSES: String(PROCESSES),
  };
  await cli(['migrate']);
  const { id: orgId } = await cli(['org', 'create', '--name', 'Synthetic Outage', '--preset', 'gme']);
  for (const name of ['in', 'locked', 'flooded']) {
    await cli(
      ['user', 'create', '--org', orgId!, '--email', `${name}@test.example`, '--role', 'trainee', '--password-stdin'],
      `${PASSWORD}\n`,
    );
  }
  programs = ports.map((port) => new Program('main', { ...environment, PORT: String(port) }));
  for (const program of programs) program.start();
  await Promise.all(urls.map(ready));
  await services.redis!.kill();
});

afterAll(async () => {
  await Promise.all(programs.map((program) => program.kill('SIGTERM')));
  await services.stop();
  await rm(home, { recursive: true, force: true });
});

const login = (n: number, email: string, password: string, ip: string): Promise<Answer> =>
  new Client(urls[n % PROCESSES]!).post('/v1/auth/login', { email, password }, { headers: { 'x-forwarded-for': ip } });
const code = ({ status, body }: Answer) => `${status} ${body.code ?? 'ok'}`;

describe('sign-in without Redis', () => {
  it('accepts a correct password', async () => {
    expect([
      code(await login(0, 'in@test.example', PASSWORD, '192.0.2.1')),
      code(await login(1, 'in@test.example', PASSWORD, '192.0.2.1')),
    ]).toEqual(['200 ok', '200 ok']);
  });

  it('is locked after five wrong passwords in every process, and then does not check a correct one', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => login(i, 'locked@test.example', 'Wrong-Password-1', '192.0.2.2')),
    );
    expect(answers.map(code).toSorted()).toEqual([
      ...Array<string>(4).fill('401 invalid_credentials'),
      ...Array<string>(6).fill('429 account_locked'),
    ]);
    expect(code(await login(0, 'locked@test.example', PASSWORD, '192.0.2.3'))).toBe('429 account_locked');
  });

  it('is still limited by IP, to no more than with Redis, and only for that IP', async () => {
    const tried = await Promise.all(
      Array.from({ length: POINTS + 60 }, (_, i) => login(i, `unknown${i}@test.example`, '', '192.0.2.4')),
    );
    const limited = tried.filter(({ status }) => status === 429);
    expect(new Set(tried.map(code))).toEqual(new Set(['400 invalid_request', '429 too_many_requests']));
    expect(tried.length - limited.length).toBe(POINTS);
    expect(limited.every(({ headers }) => Number(headers.get('retry-after')) > 0)).toBe(true);
    expect(code(await login(0, 'flooded@test.example', PASSWORD, '192.0.2.5'))).toBe('200 ok');
  });

  it('is still limited by account, from any IP', async () => {
    const tried = await Promise.all(
      Array.from({ length: 80 }, (_, i) => login(i, 'unknown@test.example', 'Wrong-Password-1', `192.0.2.${100 + i}`)),
    );
    expect(tried.map(code).filter((result) => result === '429 too_many_requests')).toHaveLength(80 - ACCOUNT_POINTS);
  });
});
