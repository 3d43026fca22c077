import { IsInt, IsString, Matches, Max, Min, MinLength } from 'class-validator';
import { Env } from './env.js';

/** How a secret made for development begins: refused wherever real data lives. */
export const DEVELOPMENT_KEY_PREFIX = 'de7de7de7de7';

const HEX_KEY = /^[0-9a-f]{64}$/i;
const EXPECTED_KEY = '64 hexadecimal digits, as `openssl rand -hex 32` prints them';

/** The queue's and the rate limits' Redis. */
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
      'How many API processes there are at most: while Redis is away, each gives this part of every rate ' +
      'limit by itself',
    expected: 'a number from 1 to 1000',
    default: '4',
    example: '4',
  })
  @IsInt()
  @Min(1)
  @Max(1_000)
  readonly processes: number;
}

/** The secrets from which everything else is derived. */
export class SecurityConfig {
  @Env('ROOT_KEY', {
    description: 'The root key that wraps every data key; losing it loses all encrypted fields',
    expected: EXPECTED_KEY,
    example: `${DEVELOPMENT_KEY_PREFIX}${'0123456789abcdef'.repeat(3)}0123`,
    neededBy: ['api', 'worker', 'cli'],
  })
  @Matches(HEX_KEY)
  readonly rootKey: string;

  @Env('JWT_SECRET', {
    description: 'Signs session cookies, page cursors and invites',
    expected: EXPECTED_KEY,
    example: `${DEVELOPMENT_KEY_PREFIX}${'fedcba9876543210'.repeat(3)}fedc`,
    neededBy: ['api', 'worker', 'cli'],
  })
  @Matches(HEX_KEY)
  readonly jwtSecret: string;

  @Env('METRICS_TOKEN', {
    description: 'The bearer token that reads /metrics; outside development there are no metrics without it',
    expected: 'at least 32 characters',
  })
  @IsString()
  @MinLength(32)
  readonly metricsToken?: string;
}

/** Where files are kept. */
export class StorageConfig {
  @Env('STORAGE_DIR', {
    description: 'The folder in which exports and documents are kept',
    expected: 'the path of a folder',
    default: '.vouchsafe/storage',
    example: '.vouchsafe/storage',
  })
  @IsString()
  readonly dir: string;
}
