export { AppConfig } from './app.config.js';
export { CONFIG_CLASSES, loadConfig, renderEnvExample } from './config.js';
export type { Config } from './config.js';
export { ConfigModule } from './config.module.js';
export { DatabaseConfig } from './database.config.js';
export { ConfigError } from './env.js';
export type { Environment, Role } from './env.js';
export { HttpConfig } from './http.config.js';
export { DEVELOPMENT_MARK, RedisConfig, SecurityConfig, StorageConfig } from './services.config.js';
