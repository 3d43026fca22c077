import { IsIn, IsInt, Matches, Max, Min } from 'class-validator';
import { Env } from './env.js';

const ENVIRONMENTS = ['development', 'test', 'staging', 'production'];
const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** The environment of this process and the address on which it listens. */
export class AppConfig {
  @Env('VOUCHSAFE_ENV', {
    description:
      'The environment. In every environment except development and test, the strict rules of production apply',
    expected: `one of ${ENVIRONMENTS.join(', ')}`,
    default: 'production',
    example: 'development',
  })
  @IsIn(ENVIRONMENTS)
  readonly environment: string;

  @Env('HOST', {
    description: 'The IP address or host name on which the server listens',
    expected: 'an IP address or a host name',
    default: '127.0.0.1',
    example: '127.0.0.1',
  })
  @Matches(/^[A-Za-z0-9.:-]{1,253}$/)
  readonly host: string;

  @Env('PORT', {
    description: 'The port on which the server listens; 0 selects a free port',
    expected: 'a port number from 0 to 65535',
    default: '3000',
    example: '3000',
  })
  @IsInt()
  @Min(0)
  @Max(65_535)
  readonly port: number;

  @Env('PUBLIC_URL', {
    description:
      'The origin at which browsers and external systems reach the server; the default is the port on this ' +
      'machine',
    expected: 'an origin such as https://records.example.org, without a path',
    default: (env) => `http://127.0.0.1:${env.PORT || 3000}`,
    example: 'http://127.0.0.1:3000',
  })
  @Matches(/^https?:\/\/(?:[A-Za-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?\/?$/)
  readonly publicUrl: string;

  @Env('LOG_LEVEL', {
    description: 'The lowest level of log lines that the server writes',
    expected: `one of ${LEVELS.join(', ')}`,
    default: 'info',
    example: 'info',
  })
  @IsIn(LEVELS)
  readonly logLevel: string;

  /** True in every environment except development and test. The strict rules apply. */
  get deployed(): boolean {
    return this.environment !== 'development' && this.environment !== 'test';
  }

  /** The scheme, host, and port as browsers send them in `Origin`. */
  get origin(): string {
    return new URL(this.publicUrl).origin;
  }

  /** True when browsers reach the server over TLS. */
  get secure(): boolean {
    return this.origin.startsWith('https:');
  }

  /**
   * The name of the session cookie, which differs in each environment. `__Host-` binds it to this host over TLS (RFC
   * 6265bis section 4.1.3.2).
   */
  get cookieName(): string {
    return `${this.secure ? '__Host-' : ''}vouchsafe_${this.environment}`;
  }

  /** The name of the cookie that identifies a known browser. */
  get deviceCookieName(): string {
    return `${this.cookieName}_device`;
  }

  /** The prefix of every object key. It separates environments that share a bucket. */
  get storagePrefix(): string {
    return `${this.environment}/`;
  }
}
