export { RedisConnections } from './redis-connections.js';
export { RedisModule } from './redis.module.js';
export { RedisProbe } from './redis.probe.js';
