import { AppConfig } from './app.config.js';
import { DatabaseConfig } from './database.config.js';
import { ConfigError, environmentOf, readConfig } from './env.js';
import type { Config } from './config.types.js';
import type { Environment, Role } from './env.js';
import { HttpConfig } from './http.config.js';
import { MailConfig } from './mail.config.js';
import { OperatorConfig } from './operator.config.js';
import { OutboundConfig } from './outbound.config.js';
import { brokenRules } from './rules.js';
import { RedisConfig, SecurityConfig, StorageConfig } from './services.config.js';

/** The config classes in the order of `.env.example`. */
export const CONFIG_CLASSES = [
  AppConfig,
  HttpConfig,
  DatabaseConfig,
  RedisConfig,
  SecurityConfig,
  StorageConfig,
  MailConfig,
  OutboundConfig,
  OperatorConfig,
] as const;

/**
 * Reads and validates the configuration of a process before anything else starts. Throws a `ConfigError` that lists
 * each missing or invalid variable with the expected form and without its value.
 */
export function loadConfig(env: Environment, role: Role): Config {
  const problems: string[] = [];
  const config: Config = {
    role,
    app: readConfig(AppConfig, env, role, problems),
    http: readConfig(HttpConfig, env, role, problems),
    database: readConfig(DatabaseConfig, env, role, problems).for(role),
    redis: readConfig(RedisConfig, env, role, problems),
    security: readConfig(SecurityConfig, env, role, problems),
    storage: readConfig(StorageConfig, env, role, problems),
    mail: readConfig(MailConfig, env, role, problems),
    outbound: readConfig(OutboundConfig, env, role, problems),
    operator: readConfig(OperatorConfig, env, role, problems),
  };
  if (problems.length === 0) problems.push(...brokenRules(config));
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** Returns the text of `.env.example`: every variable with its description and a development value. */
export function renderEnvExample(): string {
  const lines = [
    '# All variables that the server reads. The values are for development; deployments reject these keys ' +
      'and passwords.',
    '',
  ];
  for (const type of CONFIG_CLASSES) {
    for (const { name, description, expected, example } of environmentOf(type)) {
      lines.push(
        `# ${description}.`,
        `# Expected: ${expected}.`,
        example === undefined ? `# ${name}=` : `${name}=${example}`,
        '',
      );
    }
  }
  return lines.join('\n');
}
