import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { AppConfig } from '../../config/index.js';
import { currentContext } from '../../context/context.js';
import { networkOf } from '../../http/network.js';
import { RateLimiter, type RateLimit, type Use } from '../../http/rate-limit.js';
import { Problem } from '../../problem/problem.js';
import type { AccessCheck, GuardContext } from '../guard-context.js';
import type { NetworkLimit } from '../network-limit.js';

/** Applies the rate limit per network that the route declares. */
@Injectable()
export class RateLimitCheck implements AccessCheck {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly app: AppConfig,
  ) {}

  async check({ policy: { limit }, request }: GuardContext): Promise<void> {
    if (limit === undefined) return;
    const { ip, work } = currentContext();
    const network = networkOf(ip);
    const uses = (await this.ofKnownBrowser(limit, network)) ?? (await this.ofNetwork(limit, network, request));
    if (limit.failures) work.uncount = async () => void (await Promise.all(uses.map((use) => use.giveBack())));
  }

  /** Counts the user of a known browser, and then the network. Returns null otherwise, or when a limit is reached. */
  private async ofKnownBrowser(limit: NetworkLimit, network: string): Promise<Use[] | null> {
    const { browserUser } = currentContext();
    const { perKnownUser: points } = limit;
    if (browserUser === null || points === undefined) return null;
    const user = await this.within({ ...limit, name: `${limit.name}-user`, points }, browserUser);
    if (user === null) return null;
    const all = await this.within({ ...limit, name: `${limit.name}-known` }, network);
    if (all !== null) return [user, all];
    await user.giveBack();
    return null;
  }

  /**
   * Counts a network. Above the limit, counts the requests that the step before admitted. Throws `too_many_requests`
   * for all others.
   */
  private async ofNetwork(limit: NetworkLimit, network: string, request: Request): Promise<Use[]> {
    try {
      return [await this.limiter.consume(limit, network)];
    } catch (error) {
      const secret = error instanceof Problem ? limit.admission?.(request, this.app) : undefined;
      const wasAdmitted = secret !== undefined && (await this.limiter.wasAdmitted(limit, secret));
      const use = wasAdmitted ? await this.within({ ...limit, name: `${limit.name}-admitted` }, network) : null;
      if (use === null) throw error;
      return [use];
    }
  }

  private async within(limit: RateLimit, key: string): Promise<Use | null> {
    try {
      return await this.limiter.consume(limit, key);
    } catch (error) {
      if (error instanceof Problem) return null;
      throw error;
    }
  }
}
