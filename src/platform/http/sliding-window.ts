/**
 * The result of one use: null when it is within the limit, otherwise the milliseconds until the next use is possible.
 */
export type Wait = number | null;

/**
 * Counts one use in Redis with the clock of Redis, which all processes share. A list contains the times of the last
 * uses in microseconds, at most `points` of them. Rejected uses are not counted. KEYS: the list. ARGV: points, window
 * in microseconds. Returns the wait in milliseconds, or the negative time of the use.
 */
export const COUNT_IN_REDIS = `
  local t = redis.call('TIME')
  local now = t[1] * 1000000 + t[2]
  local first = redis.call('LINDEX', KEYS[1], -ARGV[1])
  if first and now - first < tonumber(ARGV[2]) then return math.ceil((first + ARGV[2] - now) / 1000) end
  redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
  redis.call('LTRIM', KEYS[1], -ARGV[1], -1)
  redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[2] / 1000))
  return -now`;

const MAX_KEYS = 50_000;

/** The same algorithm in process memory, in milliseconds and for a bounded number of keys. */
export class LocalWindow {
  /** The times of the last uses of each key, the oldest first. */
  private readonly keys = new Map<string, number[]>();

  constructor(
    private readonly points: number,
    private readonly windowMs: number,
  ) {}

  count(key: string, now: number): Wait {
    const uses = this.keys.get(key) ?? this.add(key, now);
    const oldest = uses.length < this.points ? undefined : uses[0]!;
    if (oldest !== undefined && now - oldest < this.windowMs) return oldest + this.windowMs - now;
    if (oldest !== undefined) uses.shift();
    uses.push(now);
    return null;
  }

  /** Removes one use that was counted at this time. */
  giveBack(key: string, time: number): void {
    const uses = this.keys.get(key) ?? [];
    const at = uses.lastIndexOf(time);
    if (at !== -1) uses.splice(at, 1);
  }

  forget(key: string): void {
    this.keys.delete(key);
  }

  /** Adds a key. At the maximum, removes expired keys or else the oldest. */
  private add(key: string, now: number): number[] {
    if (this.keys.size >= MAX_KEYS) {
      for (const [old, uses] of this.keys) if ((uses.at(-1) ?? -Infinity) + this.windowMs <= now) this.keys.delete(old);
      if (this.keys.size >= MAX_KEYS) this.keys.delete(this.keys.keys().next().value!);
    }
    const uses: number[] = [];
    this.keys.set(key, uses);
    return uses;
  }
}
