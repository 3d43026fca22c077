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

  /** Counts a known browser, and then its network. Returns null for another browser, or when a limit is reached. */
  private async ofKnownBrowser(limit: NetworkLimit, network: string): Promise<Use[] | null> {
    const { knownBrowser, device } = currentContext();
    const { perKnownBrowser: points } = limit;
    if (!knownBrowser || points === undefined) return null;
    const browser = await this.within({ ...limit, name: `${limit.name}-browser`, points }, device!);
    if (browser === null) return null;
    const all = await this.within({ ...limit, name: `${limit.name}-known` }, network);
    if (all !== null) return [browser, all];
    await browser.giveBack();
    return null;
  }

  /** Counts a network. Throws `too_many_requests`, unless the step before admitted the request. */
  private async ofNetwork(limit: NetworkLimit, network: string, request: Request): Promise<Use[]> {
    try {
      return [await this.limiter.consume(limit, network)];
    } catch (error) {
      const secret = error instanceof Problem ? limit.admission?.(request, this.app) : undefined;
      if (secret !== undefined && (await this.limiter.wasAdmitted(limit, secret))) return [];
      throw error;
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
