/** Types of the service launcher, for tests that stop, kill and restart what the application stands on. */

export interface Service {
  readonly port: number;
  readonly pid: number;
  /** Starts the server again on the same port and data. */
  start: () => Promise<void>;
  /** Orderly stop; every commit is kept. */
  stop: () => Promise<unknown>;
  /** Ends the process at once, SIGKILL unless told otherwise. */
  kill: (signal?: NodeJS.Signals) => Promise<unknown>;
}

export interface PostgresService extends Service {
  readonly superuserUrl: string;
  url: (role: 'postgres' | 'vouchsafe_migrator' | 'vouchsafe_app' | 'vouchsafe_worker', database?: string) => string;
}

export interface RedisService extends Service {
  readonly url: string;
}

export interface Services {
  /** Variables of the application: addresses, keys, storage folder. */
  env: Record<string, string>;
  /** Undefined when DATABASE_URL named one. */
  postgres?: PostgresService;
  /** Undefined when REDIS_URL named one. */
  redis?: RedisService;
  stop: () => Promise<void>;
}

export function startServices(options: { home: string; durable?: boolean; ignoreEnv?: boolean }): Promise<Services>;
