/** What became of one use: null when it is within the limit, else how many milliseconds until there is room again. */
export type Wait = number | null;

/**
 * Counts one use in Redis, by Redis' own clock, which all processes share. A list holds the times of the last uses, in
 * microseconds, no more than may be; the window slides with every one of them, and what is refused is not counted.
 * KEYS: the list. ARGV: points, length of the window in microseconds.
 */
export const COUNT_IN_REDIS = `
  local t = redis.call('TIME')
  local now = t[1] * 1000000 + t[2]
  local first = redis.call('LINDEX', KEYS[1], -ARGV[1])
  if first and now - first < tonumber(ARGV[2]) then return math.ceil((first + ARGV[2] - now) / 1000) end
  redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
  redis.call('LTRIM', KEYS[1], -ARGV[1], -1)
  redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[2] / 1000))
  return -1`;

const MAX_KEYS = 50_000;

/** A ring of the times of the last uses: the one at `next` is the oldest, once the ring is full. */
interface Uses {
  times: number[];
  next: number;
  /** When the newest leaves the window. */
  over: number;
}

/** The same count in this process's memory, in milliseconds, for a bounded number of keys. */
export class LocalWindow {
  private readonly keys = new Map<string, Uses>();

  constructor(
    private readonly points: number,
    private readonly millis: number,
  ) {}

  count(key: string, now: number): Wait {
    const uses = this.keys.get(key) ?? this.add(key, now);
    const oldest = uses.times[uses.next];
    if (oldest !== undefined && now - oldest < this.millis) return oldest + this.millis - now;
    uses.times[uses.next] = now;
    uses.next = (uses.next + 1) % this.points;
    uses.over = now + this.millis;
    return null;
  }

  forget(key: string): void {
    this.keys.delete(key);
  }

  /** Makes room for one more key: by what is over, else by the one that came first. */
  private add(key: string, now: number): Uses {
    if (this.keys.size >= MAX_KEYS) {
      for (const [old, { over }] of this.keys) if (over <= now) this.keys.delete(old);
      if (this.keys.size >= MAX_KEYS) this.keys.delete(this.keys.keys().next().value!);
    }
    const uses = { times: [], next: 0, over: now };
    this.keys.set(key, uses);
    return uses;
  }
}
