import type { Config } from './config.types.js';
import { DEVELOPMENT_SENDER } from './mail.config.js';
import { DEVELOPMENT_KEY_PREFIX } from './services.config.js';

const SAFE_SSL_MODES = ['require', 'verify-ca', 'verify-full'];
const KNOWN_PASSWORDS = ['vouchsafe', 'postgres', 'password', 'secret', 'changeme', 'example', 'development', 'test'];

/**
 * Returns the violated rules about combinations of variables. Each message is one sentence that names the variables.
 */
export function brokenRules(config: Config): string[] {
  const problems = [...pairRules(config)];
  if (config.app.deployed) problems.push(...transportRules(config), ...secretRules(config), ...mailRules(config));
  return problems;
}

function pairRules({ http, security }: Config): string[] {
  const problems: string[] = [];
  if ((http.tlsKeyFile === undefined) !== (http.tlsCertFile === undefined)) {
    problems.push('TLS_KEY_FILE and TLS_CERT_FILE must be set together');
  }
  if (security.rootKey !== undefined && security.rootKey === security.jwtSecret) {
    problems.push('ROOT_KEY and JWT_SECRET must not be the same');
  }
  return problems;
}

function transportRules({ app, http, database, role }: Config): string[] {
  const problems: string[] = [];
  for (const [name, url] of databaseUrls(database)) {
    const modes = parse(url)?.searchParams.getAll('sslmode') ?? [];
    if (modes.length !== 1 || !SAFE_SSL_MODES.includes(modes[0]!)) {
      problems.push(`${name} must contain sslmode=require, verify-ca, or verify-full outside development`);
    }
  }
  if (role !== 'migrator' && !app.secure) {
    problems.push('PUBLIC_URL must begin with https:// outside development');
  }
  if (role === 'api' && !http.endsTls && http.trustProxy === undefined) {
    problems.push(
      'plain HTTP is not allowed outside development: set TLS_KEY_FILE and TLS_CERT_FILE, or set ' +
        'TRUST_PROXY to the proxy that terminates TLS',
    );
  }
  return problems;
}

function secretRules({ security, database }: Config): string[] {
  const problems: string[] = [];
  for (const [name, key] of [
    ['ROOT_KEY', security.rootKey],
    ['JWT_SECRET', security.jwtSecret],
  ] as const) {
    if (key !== undefined && isPredictable(key))
      problems.push(`${name} is a development key: generate a new one with \`openssl rand -hex 32\``);
  }
  for (const [name, url] of databaseUrls(database)) {
    if (KNOWN_PASSWORDS.includes(parse(url)?.password.toLowerCase() ?? '')) {
      problems.push(`${name} contains a well-known password: set a new password for the role`);
    }
  }
  return problems;
}

/**
 * Returns true for a development key or a key that is too regular for a random generator. 64 random hexadecimal digits
 * contain 15 or 16 different ones.
 */
function isPredictable(key: string): boolean {
  return (
    key.toLowerCase().startsWith(DEVELOPMENT_KEY_PREFIX) ||
    new Set(key.toLowerCase()).size < 10 ||
    /(.{4,16})\1\1/.test(key)
  );
}

/** Only the worker sends mail. */
function mailRules({ role, mail }: Config): string[] {
  if (role !== 'worker') return [];
  const problems: string[] = [];
  if (mail.smtpUrl === undefined)
    problems.push('SMTP_URL is missing: outside development the worker requires a mail server');
  if (mail.from === DEVELOPMENT_SENDER)
    problems.push('MAIL_FROM is missing: outside development mail requires a sender address of your own');
  return problems;
}

function databaseUrls(database: Config['database']): [string, string][] {
  const urls: [string, string | undefined][] = [
    ['DATABASE_URL', database.appUrl],
    ['WORKER_DATABASE_URL', database.workerUrl],
    ['MIGRATOR_DATABASE_URL', database.migratorUrl],
  ];
  return urls.filter((entry): entry is [string, string] => entry[1] !== undefined);
}

function parse(url: string): URL | null {
  return URL.parse(url);
}
