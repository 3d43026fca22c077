import { Global, Module } from '@nestjs/common';
import { RedisConnections } from './redis-connections.js';
import { RedisProbe } from './redis.probe.js';

/** Redis for BullMQ, rate limits, pub/sub, pending sign-ins, and passkey challenges. */
@Global()
@Module({ providers: [RedisConnections, RedisProbe], exports: [RedisConnections, RedisProbe] })
export class RedisModule {}
