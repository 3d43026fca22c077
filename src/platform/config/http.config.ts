import { IsIn, IsInt, IsString, Max, Min, Validate, ValidatorConstraint } from 'class-validator';
import type { ValidatorConstraintInterface } from 'class-validator';
import { isIP } from 'node:net';
import { Env } from './env.js';

/** More proxies than these in front of one server are a mistake. */
const PROXY_COUNT = /^[1-9]$/;

/**
 * Accepts IPs and CIDR blocks of proxies, `loopback`, or the number of proxies. Ranges such as `uniquelocal` are
 * invalid: they contain clients, and a client in a trusted range can choose the IP that the server records for it.
 */
@ValidatorConstraint({ name: 'proxies' })
class Proxies implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    if (typeof value !== 'string') return false;
    return PROXY_COUNT.test(value) || value.split(',').every((part) => isProxy(part.trim()));
  }
}

function isProxy(part: string): boolean {
  if (part === 'loopback') return true;
  const [ip = '', bits, more] = part.split('/');
  const version = isIP(ip);
  if (version === 0 || more !== undefined) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) > 0 && Number(bits) <= (version === 4 ? 32 : 128))
  );
}

/** TLS, trusted proxies, and request limits. */
export class HttpConfig {
  @Env('TLS_KEY_FILE', {
    description: 'The private key (PEM) for TLS in the server; needs TLS_CERT_FILE',
    expected: 'the path of a PEM file',
  })
  @IsString()
  readonly tlsKeyFile?: string;

  @Env('TLS_CERT_FILE', {
    description: 'The certificate chain (PEM) for TLS in the server; needs TLS_KEY_FILE',
    expected: 'the path of a PEM file',
  })
  @IsString()
  readonly tlsCertFile?: string;

  @Env('TLS_MIN_VERSION', {
    description: 'The minimum TLS version that the server accepts',
    expected: 'TLSv1.2 or TLSv1.3',
    default: 'TLSv1.2',
    example: 'TLSv1.2',
  })
  @IsIn(['TLSv1.2', 'TLSv1.3'])
  readonly tlsMinVersion: 'TLSv1.2' | 'TLSv1.3';

  @Env('TRUST_PROXY', {
    description:
      'The trusted proxies that terminate TLS and whose X-Forwarded-* headers the server uses: their IPs, separated ' +
      'by commas, or the number of proxies that every request passes',
    expected: 'IPs, CIDR blocks that contain only proxies, loopback, or a number from 1 to 9',
  })
  @Validate(Proxies)
  readonly trustProxy?: string;

  @Env('BODY_LIMIT_BYTES', {
    description: 'The maximum size of a request body, except where a route declares another limit',
    expected: 'a number of bytes from 1024 to 10485760',
    default: '262144',
    example: '262144',
  })
  @IsInt()
  @Min(1024)
  @Max(10_485_760)
  readonly bodyLimitBytes: number;

  @Env('GEOIP_FILE', {
    description: 'A database of countries or cities by IP, instead of the installed one',
    expected: 'the path of a file in the MaxMind DB format',
  })
  @IsString()
  readonly geoipFile?: string;

  @Env('SHUTDOWN_SECONDS', {
    description: 'The time that running requests have to finish after a stop signal',
    expected: 'a number of seconds from 1 to 300',
    default: '20',
    example: '20',
  })
  @IsInt()
  @Min(1)
  @Max(300)
  readonly shutdownSeconds: number;

  /** True if the server terminates TLS with its own key and certificate. */
  get endsTls(): boolean {
    return this.tlsKeyFile !== undefined && this.tlsCertFile !== undefined;
  }
}
