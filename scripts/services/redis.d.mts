import type { RedisService } from './index.mjs';

/** Starts Redis on a free loopback port with data under `home`. */
export function startRedis(options: { home: string }): Promise<RedisService>;
