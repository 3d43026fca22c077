import { IsIn, IsInt, IsString, Max, Min, Validate, ValidatorConstraint } from 'class-validator';
import type { ValidatorConstraintInterface } from 'class-validator';
import { isIP } from 'node:net';
import { Env } from './env.js';

const NAMED_RANGES = ['loopback', 'linklocal', 'uniquelocal'];

/** Names of address ranges, addresses and CIDR blocks: a proxy has to be named, "all" is no answer. */
@ValidatorConstraint({ name: 'proxies' })
class Proxies implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'string' && value.split(',').every((part) => isProxy(part.trim()));
  }
}

function isProxy(part: string): boolean {
  if (NAMED_RANGES.includes(part)) return true;
  const [address = '', bits, more] = part.split('/');
  const version = isIP(address);
  if (version === 0 || more !== undefined) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) > 0 && Number(bits) <= (version === 4 ? 32 : 128))
  );
}

/** How requests arrive: TLS, proxies, limits. */
export class HttpConfig {
  @Env('TLS_KEY_FILE', {
    description: 'Private key (PEM) with which the server ends TLS itself; needs TLS_CERT_FILE',
    expected: 'the path of a PEM file',
  })
  @IsString()
  readonly tlsKeyFile?: string;

  @Env('TLS_CERT_FILE', {
    description: 'Certificate chain (PEM) with which the server ends TLS itself; needs TLS_KEY_FILE',
    expected: 'the path of a PEM file',
  })
  @IsString()
  readonly tlsCertFile?: string;

  @Env('TLS_MIN_VERSION', {
    description: 'The oldest TLS version that is accepted',
    expected: 'TLSv1.2 or TLSv1.3',
    default: 'TLSv1.2',
    example: 'TLSv1.2',
  })
  @IsIn(['TLSv1.2', 'TLSv1.3'])
  readonly tlsMinVersion: 'TLSv1.2' | 'TLSv1.3';

  @Env('TRUST_PROXY', {
    description: 'The proxies in front that end TLS and whose X-Forwarded-* headers are believed, separated by commas',
    expected: `addresses, CIDR blocks or ${NAMED_RANGES.join(', ')}`,
  })
  @Validate(Proxies)
  readonly trustProxy?: string;

  @Env('BODY_LIMIT_BYTES', {
    description: 'The largest request body that is read',
    expected: 'a number of bytes from 1024 to 10485760',
    default: '262144',
    example: '262144',
  })
  @IsInt()
  @Min(1024)
  @Max(10_485_760)
  readonly bodyLimitBytes: number;

  @Env('GEOIP_FILE', {
    description: 'A database of countries or cities by address, in place of the one that is installed along',
    expected: 'the path of a file in the MaxMind DB format',
  })
  @IsString()
  readonly placesFile?: string;

  @Env('SHUTDOWN_SECONDS', {
    description: 'How long running requests may take to finish after a stop signal',
    expected: 'a number of seconds from 1 to 300',
    default: '20',
    example: '20',
  })
  @IsInt()
  @Min(1)
  @Max(300)
  readonly shutdownSeconds: number;

  /** True when the server holds its own key and certificate. */
  get endsTls(): boolean {
    return this.tlsKeyFile !== undefined && this.tlsCertFile !== undefined;
  }
}
