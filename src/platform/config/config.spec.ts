import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { CONFIG_CLASSES, loadConfig, renderEnvExample } from './config.js';
import type { Config } from './config.types.js';
import { ConfigError, environmentOf } from './env.js';
import type { Environment, Role } from './env.js';

const example = parseEnv(readFileSync('.env.example', 'utf8')) as Record<string, string>;

const production: Record<string, string> = {
  VOUCHSAFE_ENV: 'production',
  PUBLIC_URL: 'https://records.example.org',
  TRUST_PROXY: 'loopback, 10.0.0.0/8',
  DATABASE_URL: 'postgres://vouchsafe_app:k3Jx9@db:5432/v?sslmode=verify-full',
  WORKER_DATABASE_URL: 'postgres://vouchsafe_worker:k3Jx8@db:5432/v?sslmode=require',
  MIGRATOR_DATABASE_URL: 'postgres://vouchsafe_migrator:k3Jx7@db:5432/v?sslmode=verify-ca',
  REDIS_URL: 'rediss://redis:6379/0',
  ROOT_KEY: 'b1946ac92492d2347c6235b4d2611184a9993e364706816aba3e25717850c26c',
  JWT_SECRET: '591785b794601e212b260e25925636fd9cd0d89d98f00b204e9800998ecf8427',
  SMTP_URL: 'smtps://vouchsafe:k3Jx6@mail:465',
  MAIL_FROM: 'records@example.org',
};

/** The reasons for which a process does not start. */
function refusal(env: Environment, role: Role = 'api'): string {
  try {
    loadConfig(env, role);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'started';
}

const without = (name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(production).filter(([key]) => key !== name));

describe('configuration', () => {
  it('keeps .env.example equal to what the classes declare', () => {
    expect(readFileSync('.env.example', 'utf8')).toBe(renderEnvExample());
  });

  it('declares each variable once', () => {
    const names = CONFIG_CLASSES.flatMap((type) => environmentOf(type).map(({ name }) => name));
    expect(new Set(names).size).toBe(names.length);
  });

  it.each<Role>(['api', 'worker', 'migrator', 'cli'])('starts the %s from .env.example and in production', (role) => {
    expect(refusal(example, role)).toBe('started');
    expect(refusal(production, role)).toBe('started');
  });

  it.each<[string, Role]>([
    ['DATABASE_URL', 'api'],
    ['WORKER_DATABASE_URL', 'worker'],
    ['WORKER_DATABASE_URL', 'cli'],
    ['MIGRATOR_DATABASE_URL', 'migrator'],
    ['ROOT_KEY', 'api'],
    ['REDIS_URL', 'worker'],
  ])('names a missing %s to the %s', (name, role) => {
    expect(refusal(without(name), role)).toContain(`${name} is missing`);
  });

  it('asks no process for the database rights of another', () => {
    expect(refusal(without('MIGRATOR_DATABASE_URL'), 'api')).toBe('started');
    expect(refusal(without('DATABASE_URL'), 'worker')).toBe('started');
    const config: Config = loadConfig(production, 'worker');
    expect(config.database.url).toBe(production.WORKER_DATABASE_URL);
  });

  it('names every wrong variable with what is expected and repeats no value', () => {
    const message = refusal({ ...example, PORT: '7o7', ROOT_KEY: 'hunter2', LOG_LEVEL: 'loud', TRUST_PROXY: 'true' });
    expect(message).toContain('PORT is not valid: it must be a port number');
    expect(message).toContain('ROOT_KEY is not valid: it must be 64 hexadecimal digits');
    expect(message).toContain('LOG_LEVEL');
    expect(message).toContain('TRUST_PROXY');
    expect(message).not.toMatch(/7o7|hunter2|loud/);
  });

  it('holds an unnamed environment to the rules of production', () => {
    expect(refusal({ ...example, VOUCHSAFE_ENV: '' })).toContain('sslmode');
  });
});

describe('the mail server', () => {
  it.each([
    'http://mail',
    'smtps://',
    'smtps://mail/?tls.rejectUnauthorized=false',
    'smtp://mail?ignoreTLS=true',
    'smtp://mail#x',
    'smtps://user name@mail',
    'smtps://mail:x',
  ])('is no %s', (url) => {
    expect(refusal({ ...production, SMTP_URL: url }, 'worker')).toContain('SMTP_URL is not valid');
  });

  it.each(['smtps://mail', 'smtp://user%40a:p%2Fw@mail.example.org:587', 'smtps://[::1]:465'])('may be %s', (url) => {
    expect(refusal({ ...production, SMTP_URL: url }, 'worker')).toBe('started');
  });
});

describe('outside development', () => {
  it.each(['', '?sslmode=disable', '?sslmode=prefer', '?sslmode=no-verify', '?sslmode=require&sslmode=disable'])(
    'refuses a database URL with "%s"',
    (query) => {
      for (const name of ['DATABASE_URL', 'WORKER_DATABASE_URL', 'MIGRATOR_DATABASE_URL']) {
        expect(refusal({ ...production, [name]: `postgres://a:x9@db/v${query}` })).toContain(
          `${name} must carry sslmode`,
        );
      }
    },
  );

  it('refuses plain HTTP unless it ends TLS itself or a proxy is named', () => {
    expect(refusal(without('TRUST_PROXY'))).toContain('plain HTTP is refused');
    expect(refusal({ ...without('TRUST_PROXY'), TLS_KEY_FILE: 'k', TLS_CERT_FILE: 'c' })).toBe('started');
    expect(refusal({ ...production, TLS_KEY_FILE: 'k' })).toContain('must be set together');
    expect(refusal({ ...production, PUBLIC_URL: 'http://records.example.org' })).toContain(
      'PUBLIC_URL must begin with https',
    );
  });

  it.each(['ROOT_KEY', 'JWT_SECRET'])('refuses a %s made for development', (name) => {
    const other = name === 'ROOT_KEY' ? 'JWT_SECRET' : 'ROOT_KEY';
    for (const key of [example[name]!, '0'.repeat(64), '0123456789abcdef'.repeat(4)]) {
      expect(refusal({ ...production, [name]: key })).toContain(`${name} is a development key`);
    }
    expect(refusal({ ...production, [name]: production[other]! })).toContain('must not be the same');
  });

  it('asks the worker alone for a mail server and a sender', () => {
    expect(refusal(without('SMTP_URL'), 'worker')).toContain('SMTP_URL is missing');
    expect(refusal(without('MAIL_FROM'), 'worker')).toContain('MAIL_FROM is missing');
    for (const name of ['SMTP_URL', 'MAIL_FROM']) expect(refusal(without(name), 'api')).toBe('started');
  });

  it('refuses database passwords that everybody knows', () => {
    expect(refusal({ ...production, DATABASE_URL: 'postgres://a:Postgres@db/v?sslmode=require' })).toContain(
      'everybody knows',
    );
  });
});

describe('names bound to the environment', () => {
  it('gives the session cookie the __Host- prefix over https only', () => {
    expect(loadConfig(production, 'api').app.cookieName).toBe('__Host-vouchsafe_production');
    expect(loadConfig(example, 'api').app.cookieName).toBe('vouchsafe_development');
  });

  it('separates stored objects by environment and follows PORT when no public address is given', () => {
    const { app } = loadConfig({ ...example, VOUCHSAFE_ENV: 'test', PORT: '4010', PUBLIC_URL: '' }, 'api');
    expect(app.storagePrefix).toBe('test/');
    expect(app.origin).toBe('http://127.0.0.1:4010');
  });
});
