import type { Config } from './config.types.js';
import { DEVELOPMENT_SENDER } from './mail.config.js';
import { DEVELOPMENT_KEY_PREFIX } from './services.config.js';

const SAFE_SSL_MODES = ['require', 'verify-ca', 'verify-full'];
const KNOWN_PASSWORDS = ['vouchsafe', 'postgres', 'password', 'secret', 'changeme', 'example', 'development', 'test'];

/** What the variables must be together; each broken rule is one sentence that names its variables. */
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
      problems.push(`${name} must carry sslmode=require, verify-ca or verify-full outside development`);
    }
  }
  if (role !== 'migrator' && !app.secure) {
    problems.push('PUBLIC_URL must begin with https:// outside development');
  }
  if (role === 'api' && !http.endsTls && http.trustProxy === undefined) {
    problems.push(
      'plain HTTP is refused outside development: set TLS_KEY_FILE and TLS_CERT_FILE, or TRUST_PROXY to the ' +
        'proxy that ends TLS',
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
      problems.push(`${name} is a development key: make a new one with \`openssl rand -hex 32\``);
  }
  for (const [name, url] of databaseUrls(database)) {
    if (KNOWN_PASSWORDS.includes(parse(url)?.password.toLowerCase() ?? '')) {
      problems.push(`${name} holds a password that everybody knows: give the role a new one`);
    }
  }
  return problems;
}

/** Marked for development, or so regular that no generator made it (64 random digits use 15 or 16 different ones). */
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
    problems.push('SMTP_URL is missing: outside development the worker sends its mail to a server');
  if (mail.from === DEVELOPMENT_SENDER)
    problems.push('MAIL_FROM is missing: outside development mail comes from an address of yours');
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
