import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
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

/** Returns the message of the ConfigError, or 'started'. */
function startWith(env: Environment, role: Role = 'api'): string {
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
  it('matches .env.example', () => {
    expect(readFileSync('.env.example', 'utf8')).toBe(renderEnvExample());
  });

  it('declares each variable once', () => {
    const names = CONFIG_CLASSES.flatMap((type) => environmentOf(type).map(({ name }) => name));
    expect(new Set(names).size).toBe(names.length);
  });

  it.each<Role>(['api', 'worker', 'migrator', 'cli'])('starts the %s from .env.example and in production', (role) => {
    expect(startWith(example, role)).toBe('started');
    expect(startWith(production, role)).toBe('started');
  });

  it.each<[string, Role]>([
    ['DATABASE_URL', 'api'],
    ['WORKER_DATABASE_URL', 'worker'],
    ['WORKER_DATABASE_URL', 'cli'],
    ['MIGRATOR_DATABASE_URL', 'migrator'],
    ['ROOT_KEY', 'api'],
    ['REDIS_URL', 'worker'],
  ])('reports a missing %s to the %s', (name, role) => {
    expect(startWith(without(name), role)).toContain(`${name} is missing`);
  });

  it('requires in each process only the database URL of its own role', () => {
    expect(startWith(without('MIGRATOR_DATABASE_URL'), 'api')).toBe('started');
    expect(startWith(without('DATABASE_URL'), 'worker')).toBe('started');
    const config: Config = loadConfig(production, 'worker');
    expect(config.database.url).toBe(production.WORKER_DATABASE_URL);
  });

  it('reports every invalid variable with the expected form and without its value', () => {
    const message = startWith({ ...example, PORT: '7o7', ROOT_KEY: 'hunter2', LOG_LEVEL: 'loud', TRUST_PROXY: 'true' });
    expect(message).toContain('PORT is not valid: it must be a port number');
    expect(message).toContain('ROOT_KEY is not valid: it must be 64 hexadecimal digits');
    expect(message).toContain('LOG_LEVEL');
    expect(message).toContain('TRUST_PROXY');
    expect(message).not.toMatch(/7o7|hunter2|loud/);
  });

  it('applies the production rules to an unnamed environment', () => {
    expect(startWith({ ...example, VOUCHSAFE_ENV: '' })).toContain('sslmode');
  });
});

describe('the mail server URL', () => {
  it.each([
    'http://mail',
    'smtps://',
    'smtps://mail/?tls.rejectUnauthorized=false',
    'smtp://mail?ignoreTLS=true',
    'smtp://mail#x',
    'smtps://user name@mail',
    'smtps://mail:x',
  ])('rejects %s', (url) => {
    expect(startWith({ ...production, SMTP_URL: url }, 'worker')).toContain('SMTP_URL is not valid');
  });

  it.each(['smtps://mail', 'smtp://user%40a:p%2Fw@mail.example.org:587', 'smtps://[::1]:465'])('accepts %s', (url) => {
    expect(startWith({ ...production, SMTP_URL: url }, 'worker')).toBe('started');
  });
});

describe('trusted proxies', () => {
  it.each(['loopback', '203.0.113.7', '2001:db8::7', '10.0.0.5, 10.0.0.6', '198.51.100.0/28', '1', '9'])(
    'can be %s',
    (proxies) => {
      expect(startWith({ ...production, TRUST_PROXY: proxies })).toBe('started');
    },
  );

  it.each([
    'uniquelocal',
    'linklocal',
    'loopback, uniquelocal',
    '0.0.0.0/0',
    '0',
    '10',
    '1, loopback',
    'true',
    '*',
    '',
  ])('cannot be %j, which contains clients or names no proxy', (proxies) => {
    expect(startWith({ ...production, TRUST_PROXY: proxies })).not.toBe('started');
  });

  it('of the compose file are the gateway of its own network', () => {
    const compose = readFileSync('docker/compose.yaml', 'utf8');
    const [, trusted] = /TRUST_PROXY: \$\{EDGE_GATEWAY:-([^}]*)\}/.exec(compose)!;
    const [, subnet, gateway] = /subnet: '\$\{EDGE_SUBNET:-([^}]*)\}', gateway: '\$\{EDGE_GATEWAY:-([^}]*)\}'/.exec(
      compose,
    )!;
    expect([isIPv4(trusted!), gateway, subnet]).toEqual([true, trusted, trusted!.replace(/\d+$/, '0/24')]);
  });
});

describe('outside development', () => {
  it.each(['', '?sslmode=disable', '?sslmode=prefer', '?sslmode=no-verify', '?sslmode=require&sslmode=disable'])(
    'rejects a database URL with "%s"',
    (query) => {
      for (const name of ['DATABASE_URL', 'WORKER_DATABASE_URL', 'MIGRATOR_DATABASE_URL']) {
        expect(startWith({ ...production, [name]: `postgres://a:x9@db/v${query}` })).toContain(
          `${name} must contain sslmode`,
        );
      }
    },
  );

  it('rejects plain HTTP unless the server or a named proxy terminates TLS', () => {
    expect(startWith(without('TRUST_PROXY'))).toContain('plain HTTP is not allowed');
    expect(startWith({ ...without('TRUST_PROXY'), TLS_KEY_FILE: 'k', TLS_CERT_FILE: 'c' })).toBe('started');
    expect(startWith({ ...production, TLS_KEY_FILE: 'k' })).toContain('must be set together');
    expect(startWith({ ...production, PUBLIC_URL: 'http://records.example.org' })).toContain(
      'PUBLIC_URL must begin with https',
    );
  });

  it.each(['ROOT_KEY', 'JWT_SECRET'])('rejects a development %s', (name) => {
    const other = name === 'ROOT_KEY' ? 'JWT_SECRET' : 'ROOT_KEY';
    for (const key of [example[name]!, '0'.repeat(64), '0123456789abcdef'.repeat(4)]) {
      expect(startWith({ ...production, [name]: key })).toContain(`${name} is a development key`);
    }
    expect(startWith({ ...production, [name]: production[other]! })).toContain('must not be the same');
  });

  it('requires a mail server and a sender only in the worker', () => {
    expect(startWith(without('SMTP_URL'), 'worker')).toContain('SMTP_URL is missing');
    expect(startWith(without('MAIL_FROM'), 'worker')).toContain('MAIL_FROM is missing');
    for (const name of ['SMTP_URL', 'MAIL_FROM']) expect(startWith(without(name), 'api')).toBe('started');
  });

  it('rejects well-known database passwords', () => {
    expect(startWith({ ...production, DATABASE_URL: 'postgres://a:Postgres@db/v?sslmode=require' })).toContain(
      'a well-known password',
    );
  });
});

describe('names that depend on the environment', () => {
  it('gives the session cookie the __Host- prefix over https only', () => {
    expect(loadConfig(production, 'api').app.cookieName).toBe('__Host-vouchsafe_production');
    expect(loadConfig(example, 'api').app.cookieName).toBe('vouchsafe_development');
  });

  it('prefixes stored objects with the environment and derives the origin from PORT by default', () => {
    const { app } = loadConfig({ ...example, VOUCHSAFE_ENV: 'test', PORT: '4010', PUBLIC_URL: '' }, 'api');
    expect(app.storagePrefix).toBe('test/');
    expect(app.origin).toBe('http://127.0.0.1:4010');
  });
});
