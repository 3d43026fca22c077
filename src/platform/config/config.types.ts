import type { AppConfig } from './app.config.js';
import type { DatabaseConfig } from './database.config.js';
import type { Role } from './env.js';
import type { HttpConfig } from './http.config.js';
import type { MailConfig } from './mail.config.js';
import type { OperatorConfig } from './operator.config.js';
import type { OutboundConfig } from './outbound.config.js';
import type { RedisConfig, SecurityConfig, StorageConfig } from './services.config.js';

/** The complete configuration of one process. */
export interface Config {
  readonly role: Role;
  readonly app: AppConfig;
  readonly http: HttpConfig;
  readonly database: DatabaseConfig;
  readonly redis: RedisConfig;
  readonly security: SecurityConfig;
  readonly storage: StorageConfig;
  readonly mail: MailConfig;
  readonly outbound: OutboundConfig;
  readonly operator: OperatorConfig;
}
