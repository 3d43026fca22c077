import { IsIn, IsInt, Matches, Max, Min } from 'class-validator';
import { Env } from './env.js';
import type { Role } from './env.js';

const POSTGRES_URL = /^postgres(?:ql)?:\/\/\S+$/;
const EXPECTED = 'a URL such as postgres://role:password@host:5432/vouchsafe?sslmode=verify-full';

/** The database URLs. Each process connects with its own role and has no other rights. */
export class DatabaseConfig {
  @Env('DATABASE_URL', {
    description: 'The Postgres URL of the role vouchsafe_app, which serves API requests',
    expected: EXPECTED,
    example: 'postgres://vouchsafe_app:vouchsafe@127.0.0.1:5432/vouchsafe',
    neededBy: ['api'],
  })
  @Matches(POSTGRES_URL)
  readonly appUrl?: string;

  @Env('WORKER_DATABASE_URL', {
    description:
      'The Postgres URL of the role vouchsafe_worker, which can enter any organization; for the worker and ' +
      'the CLI',
    expected: EXPECTED,
    example: 'postgres://vouchsafe_worker:vouchsafe@127.0.0.1:5432/vouchsafe',
    neededBy: ['worker', 'cli'],
  })
  @Matches(POSTGRES_URL)
  readonly workerUrl?: string;

  @Env('MIGRATOR_DATABASE_URL', {
    description: 'The Postgres URL of the role vouchsafe_migrator, for deployments only',
    expected: EXPECTED,
    example: 'postgres://vouchsafe_migrator:vouchsafe@127.0.0.1:5432/vouchsafe',
    neededBy: ['migrator'],
  })
  @Matches(POSTGRES_URL)
  readonly migratorUrl?: string;

  @Env('DATABASE_POOL_SIZE', {
    description: 'The maximum number of database connections of a process',
    expected: 'a number from 1 to 200',
    default: '10',
    example: '10',
  })
  @IsInt()
  @Min(1)
  @Max(200)
  readonly poolSize: number;

  @Env('DATABASE_PREPARE', {
    description:
      'Whether each connection prepares its statements. Set it to off behind PgBouncer, because its ' +
      'statement names are predictable and SQL could replace the statements',
    expected: 'on or off',
    default: 'on',
    example: 'on',
  })
  @IsIn(['on', 'off'])
  readonly prepare: 'on' | 'off';

  private role: Role;

  /** Sets the role that selects `url`. */
  for(role: Role): this {
    this.role = role;
    return this;
  }

  /** True if the process connects to Postgres itself, false if it connects through PgBouncer. */
  get direct(): boolean {
    return this.prepare === 'on';
  }

  /** True in the API, whose transactions are short. The worker and the CLI may also work outside the database. */
  get isApi(): boolean {
    return this.role === 'api';
  }

  /** True in a CLI command, which an operator waits for. */
  get isCommand(): boolean {
    return this.role === 'cli';
  }

  /** The URL of the role of this process. `loadConfig` has already required it. */
  get url(): string {
    const url = { api: this.appUrl, worker: this.workerUrl, cli: this.workerUrl, migrator: this.migratorUrl }[
      this.role
    ];
    if (url === undefined) throw new Error(`no database URL for the role ${this.role}`);
    return url;
  }
}
