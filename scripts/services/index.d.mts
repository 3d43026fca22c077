/** Types of the service launcher, for tests that stop, kill and restart services. */

export interface Service {
  readonly port: number;
  readonly pid: number;
  /** Starts the server again on the same port and data. */
  start: () => Promise<void>;
  /** Stops the server in order; every commit is kept. */
  stop: () => Promise<unknown>;
  /** Ends the process at once, with SIGKILL by default. */
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
  /** Variables of the application: URLs, keys, storage folder. */
  env: Record<string, string>;
  /** Undefined when DATABASE_URL is set. */
  postgres?: PostgresService;
  /** Undefined when REDIS_URL is set. */
  redis?: RedisService;
  stop: () => Promise<void>;
}

export function startServices(options: { home: string; durable?: boolean; ignoreEnv?: boolean }): Promise<Services>;
