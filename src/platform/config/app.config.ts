import { IsIn, IsInt, Matches, Max, Min } from 'class-validator';
import { Env } from './env.js';

const ENVIRONMENTS = ['development', 'test', 'staging', 'production'];
const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** Which installation this process belongs to and where it answers. */
export class AppConfig {
  @Env('VOUCHSAFE_ENV', {
    description:
      'The environment; outside development and test the rules are strict, and an unset variable means production',
    expected: `one of ${ENVIRONMENTS.join(', ')}`,
    default: 'production',
    example: 'development',
  })
  @IsIn(ENVIRONMENTS)
  readonly environment: string;

  @Env('HOST', {
    description: 'The address to listen on',
    expected: 'an IP address or a host name',
    default: '127.0.0.1',
    example: '127.0.0.1',
  })
  @Matches(/^[A-Za-z0-9.:-]{1,253}$/)
  readonly host: string;

  @Env('PORT', {
    description: 'The port to listen on; 0 takes a free one',
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
      'The origin under which browsers and partners reach the server; the default is the port on this machine',
    expected: 'an origin such as https://records.example.org, without a path',
    default: (env) => `http://127.0.0.1:${env.PORT || 3000}`,
    example: 'http://127.0.0.1:3000',
  })
  @Matches(/^https?:\/\/(?:[A-Za-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?\/?$/)
  readonly publicUrl: string;

  @Env('LOG_LEVEL', {
    description: 'The least serious log line that is written',
    expected: `one of ${LEVELS.join(', ')}`,
    default: 'info',
    example: 'info',
  })
  @IsIn(LEVELS)
  readonly logLevel: string;

  /** True where nothing but real data and real partners is expected: the strict rules hold. */
  get deployed(): boolean {
    return this.environment !== 'development' && this.environment !== 'test';
  }

  /** Scheme, host and port as browsers send them in `Origin`. */
  get origin(): string {
    return new URL(this.publicUrl).origin;
  }

  /** True when browsers reach the server over TLS. */
  get secure(): boolean {
    return this.origin.startsWith('https:');
  }

  /**
   * The session cookie's name, another one in each environment. `__Host-` binds it to this host over TLS (RFC 6265bis
   * 4.1.3.2).
   */
  get cookieName(): string {
    return `${this.secure ? '__Host-' : ''}vouchsafe_${this.environment}`;
  }

  /** The name of the cookie by which a browser is known again. */
  get deviceCookieName(): string {
    return `${this.cookieName}_device`;
  }

  /** The first part of every object's key, so that environments sharing a bucket stay apart. */
  get storagePrefix(): string {
    return `${this.environment}/`;
  }
}
