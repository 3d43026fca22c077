import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { Context, withContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import type { ErrorCode } from '../../platform/feature/registry.js';
import type { InboundSource } from './inbound-sources.js';
import { enterWebhookSource } from './inbox.repository.js';

const WINDOW_MS = 60_000;

type Source = Pick<InboundSource, 'id' | 'orgId'>;

/** Rejections of one source since its last audit event. */
interface Window {
  source: Source;
  count: number;
  reasons: Set<ErrorCode>;
  timer: NodeJS.Timeout;
}

/**
 * Records rejected deliveries in the audit log of the source's organization. The first rejection is recorded at once,
 * and those of the following minute as one event with a count, so that a flood does not fill the log.
 */
@Injectable()
export class RejectionLog implements BeforeApplicationShutdown {
  private readonly log = new Logger('RejectionLog');
  private readonly windows = new Map<string, Window>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
  ) {}

  /** Records a rejected delivery. Never throws: the rejection does not depend on its event. */
  async record(source: Source, reason: ErrorCode): Promise<void> {
    const window = this.windows.get(source.id);
    if (window === undefined) {
      this.open(source);
      await this.write(source, [reason], 1);
    } else {
      window.count += 1;
      window.reasons.add(reason);
    }
  }

  /** Records a repeated message id with another body. Never throws. */
  async conflict(source: Source, deliveryId: string): Promise<void> {
    await this.recordEvent(source, () => {
      this.audit.record('webhook.conflict', {
        outcome: 'denied',
        target: { type: 'webhook-source', id: source.id },
        meta: { deliveryId },
      });
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([...this.windows.values()].map((window) => this.close(window)));
    for (const { timer } of this.windows.values()) clearTimeout(timer);
    this.windows.clear();
  }

  private open(source: Source): void {
    const window: Window = {
      source,
      count: 0,
      reasons: new Set(),
      timer: setTimeout(() => void this.close(window), WINDOW_MS).unref(),
    };
    this.windows.set(source.id, window);
  }

  /** Records the count of the minute. A minute without rejections ends the window. */
  private async close({ source, count, reasons, timer }: Window): Promise<void> {
    clearTimeout(timer);
    this.windows.delete(source.id);
    if (count === 0) return;
    this.open(source);
    const context = new Context({ emits: ['webhook.rejected'] });
    await withContext(context, () => this.write(source, [...reasons], count));
  }

  private write(source: Source, reasons: readonly ErrorCode[], count: number): Promise<void> {
    return this.recordEvent(source, () => {
      this.audit.record('webhook.rejected', {
        outcome: 'denied',
        target: { type: 'webhook-source', id: source.id },
        meta: { reasons, count },
      });
    });
  }

  private async recordEvent(source: Source, write: () => void): Promise<void> {
    try {
      await this.unitOfWork.run(enterWebhookSource(source), write);
    } catch (error) {
      this.log.error('a rejection could not be recorded', { orgId: source.orgId, err: error });
    }
  }
}
