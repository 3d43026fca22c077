import { IsInt, IsString, Matches, Max, Min, MinLength } from 'class-validator';
import { Env } from './env.js';

/** The prefix of development keys. Other environments reject keys with this prefix. */
export const DEVELOPMENT_KEY_PREFIX = 'de7de7de7de7';

const HEX_KEY = /^[0-9a-f]{64}$/i;
const EXPECTED_KEY = '64 hexadecimal digits, as `openssl rand -hex 32` prints them';

/** The Redis server of the queues and rate limits. */
export class RedisConfig {
  @Env('REDIS_URL', {
    description: 'Redis for queues and rate limits',
    expected: 'a URL such as rediss://user:password@host:6379/0',
    example: 'redis://127.0.0.1:6379/0',
    neededBy: ['api', 'worker', 'cli'],
  })
  @Matches(/^rediss?:\/\/\S+$/)
  readonly url: string;

  @Env('API_PROCESSES', {
    description:
      'The maximum number of API processes. While Redis is unavailable, each process allows this fraction ' +
      'of every rate limit',
    expected: 'a number from 1 to 1000',
    default: '4',
    example: '4',
  })
  @IsInt()
  @Min(1)
  @Max(1_000)
  readonly processes: number;
}

/** The secrets from which the server derives all other keys. */
export class SecurityConfig {
  @Env('ROOT_KEY', {
    description: 'The root key that encrypts every data key. If it is lost, all encrypted fields are lost',
    expected: EXPECTED_KEY,
    example: `${DEVELOPMENT_KEY_PREFIX}${'0123456789abcdef'.repeat(3)}0123`,
    neededBy: ['api', 'worker', 'cli'],
  })
  @Matches(HEX_KEY)
  readonly rootKey: string;

  @Env('JWT_SECRET', {
    description: 'The key for session cookies, page cursors, and invites',
    expected: EXPECTED_KEY,
    example: `${DEVELOPMENT_KEY_PREFIX}${'fedcba9876543210'.repeat(3)}fedc`,
    neededBy: ['api', 'worker', 'cli'],
  })
  @Matches(HEX_KEY)
  readonly jwtSecret: string;

  @Env('METRICS_TOKEN', {
    description: 'The bearer token for /metrics. Outside development, /metrics is not available without it',
    expected: 'at least 32 characters',
  })
  @IsString()
  @MinLength(32)
  readonly metricsToken?: string;
}

/** The directory of stored files. */
export class StorageConfig {
  @Env('STORAGE_DIR', {
    description: 'The directory for exports and documents',
    expected: 'the path of a directory',
    default: '.vouchsafe/storage',
    example: '.vouchsafe/storage',
  })
  @IsString()
  readonly dir: string;
}
