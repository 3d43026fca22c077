import { Injectable, Logger } from '@nestjs/common';
import { NoSuchMember } from '../../platform/access/as-member.js';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { enterOrganization } from '../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { declaration } from '../../platform/feature/registry.js';
import { Problem } from '../../platform/problem/index.js';
import { OnJob, type JobContext, type JobCounts, type JobPayload } from '../../platform/jobs/on-job.js';
import { AttemptsRepository, type ExportAttempt, type RenderedExport } from './attempts.repository.js';
import { ExportFiles } from './export-files.js';
import { ExportBuilder } from './export-builder.js';
import { WatermarkFailed } from './watermark.js';

/**
 * The job for every export. It may run again after a crash: each attempt writes its own object and removes the object
 * of the previous attempt.
 */
@Injectable()
export class ExportJob {
  private readonly log = new Logger('ExportJob');

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly attempts: AttemptsRepository,
    private readonly files: ExportFiles,
    private readonly maker: ExportBuilder,
    private readonly audit: AuditLog,
  ) {}

  @OnJob('exports.render', {
    transaction: 'own',
    emits: ['export.completed', 'export.failed', 'person.viewed', 'person.contact_unlocked'],
  })
  async render({ exportId }: JobPayload, job: JobContext): Promise<JobCounts | void> {
    const attempt = await this.begin(String(exportId), job);
    if (attempt === null) return;
    let rendered: RenderedExport;
    try {
      rendered = await this.maker.make(attempt, job.signal);
    } catch (error) {
      return this.giveUp(attempt, error, job);
    }
    const isCurrentAttempt = await this.complete(attempt, rendered, job);
    if (!isCurrentAttempt) await this.discard(attempt.objectKey);
    return { rows: rendered.rows, bytes: rendered.stored.bytes };
  }

  private async begin(exportId: string, { orgId }: JobContext): Promise<ExportAttempt | null> {
    const opened = await this.unitOfWork.run(enterOrganization(orgId), async () => {
      const open = await this.attempts.open(exportId);
      if (open === null) return null;
      const objectKey = this.files.newObjectKey(exportId, open.kind);
      await this.attempts.begin(exportId, objectKey);
      return { ...open, objectKey };
    });
    if (opened !== null && opened.formerKey !== null) await this.discard(opened.formerKey);
    return opened;
  }

  private complete(attempt: ExportAttempt, rendered: RenderedExport, { orgId }: JobContext): Promise<boolean> {
    const { kind, requestedBy } = attempt;
    const {
      rows,
      stored: { bytes },
      unlocked,
    } = rendered;
    return this.unitOfWork.run(enterOrganization(orgId), async () => {
      const isCurrentAttempt = await this.attempts.finish(attempt, rendered);
      if (isCurrentAttempt)
        this.audit.record('export.completed', {
          target: { type: 'export', id: attempt.id },
          meta: { kind, requestedBy, rows, bytes, unlocked },
        });
      return isCurrentAttempt;
    });
  }

  /** Removes the written object. Throws when a retry may help, and at the last attempt when the reason is unknown. */
  private async giveUp(attempt: ExportAttempt, error: unknown, job: JobContext): Promise<void> {
    await this.discard(attempt.objectKey);
    const reason = lastingReason(error);
    if (reason !== null || job.attempt >= declaration('jobs', 'exports.render').attempts)
      await this.fail(attempt, reason ?? 'internal', job);
    if (reason === null) throw error;
  }

  private async fail(attempt: ExportAttempt, reason: string, { orgId }: JobContext): Promise<void> {
    const { id, kind, requestedBy } = attempt;
    await this.unitOfWork.run(enterOrganization(orgId), async () => {
      if (!(await this.attempts.fail(attempt, reason))) return;
      this.audit.record('export.failed', {
        outcome: 'failure',
        target: { type: 'export', id },
        meta: { kind, requestedBy, reason },
      });
    });
  }

  /** If an object cannot be removed now, the next attempt or retention removes it. */
  private async discard(objectKey: string): Promise<void> {
    await this.files.storage
      .delete(objectKey)
      .catch((error: unknown) => this.log.warn('the file of an export could not be removed', error));
  }
}

/** Returns the reason why a retry cannot help; null when it may help. */
function lastingReason(error: unknown): string | null {
  if (error instanceof WatermarkFailed) return 'watermark_failed';
  if (error instanceof NoSuchMember) return 'access_lost';
  return error instanceof Problem && (error.status === 403 || error.status === 404) ? 'access_lost' : null;
}
