import { IsIn, IsInt, Matches, Max, Min } from 'class-validator';
import { Env } from './env.js';
import type { Role } from './env.js';

const POSTGRES_URL = /^postgres(?:ql)?:\/\/\S+$/;
const EXPECTED = 'a URL such as postgres://role:password@host:5432/vouchsafe?sslmode=verify-full';

/** The databases' addresses: one role each, so that a process holds no more rights than it needs. */
export class DatabaseConfig {
  @Env('DATABASE_URL', {
    description: 'Postgres as the role vouchsafe_app: what answering requests needs',
    expected: EXPECTED,
    example: 'postgres://vouchsafe_app:vouchsafe@127.0.0.1:5432/vouchsafe',
    neededBy: ['api'],
  })
  @Matches(POSTGRES_URL)
  readonly appUrl?: string;

  @Env('WORKER_DATABASE_URL', {
    description:
      'Postgres as the role vouchsafe_worker, which may enter any organization: for the worker and for operators',
    expected: EXPECTED,
    example: 'postgres://vouchsafe_worker:vouchsafe@127.0.0.1:5432/vouchsafe',
    neededBy: ['worker', 'cli'],
  })
  @Matches(POSTGRES_URL)
  readonly workerUrl?: string;

  @Env('MIGRATOR_DATABASE_URL', {
    description: 'Postgres as the role vouchsafe_migrator: for deployments only',
    expected: EXPECTED,
    example: 'postgres://vouchsafe_migrator:vouchsafe@127.0.0.1:5432/vouchsafe',
    neededBy: ['migrator'],
  })
  @Matches(POSTGRES_URL)
  readonly migratorUrl?: string;

  @Env('DATABASE_POOL_SIZE', {
    description: 'How many database connections a process holds at most',
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
      'Whether statements are prepared once a connection; off behind PgBouncer, which names them so that SQL ' +
      'can guess and replace them',
    expected: 'on or off',
    default: 'on',
    example: 'on',
  })
  @IsIn(['on', 'off'])
  readonly prepare: 'on' | 'off';

  private role: Role;

  /** Remembers for whom `url` is. */
  for(role: Role): this {
    this.role = role;
    return this;
  }

  /** The URL of this process's own role; present, because the process would not have started without. */
  get url(): string {
    const url = { api: this.appUrl, worker: this.workerUrl, cli: this.workerUrl, migrator: this.migratorUrl }[
      this.role
    ];
    if (url === undefined) throw new Error(`no database URL for the role ${this.role}`);
    return url;
  }
}
