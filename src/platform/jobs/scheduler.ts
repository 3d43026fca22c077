import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { SYSTEM_ORG_ID } from '../clock/id.js';
import { Context, withContext } from '../context/context.js';
import { enterOrganization } from '../database/tenant-context.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { ScheduleDeclaration } from '../feature/declarations.js';
import { declared, type JobName } from '../feature/registry.js';
import { Jobs } from './jobs.js';
import { latestSlot } from './slots.js';

/**
 * Starts due schedules. The source of truth is `job_runs`, with one row per schedule, organization, and slot. Several
 * instances therefore start a slot only once, and a slot missed during downtime is started later.
 */
@Injectable()
export class Scheduler {
  private readonly log = new Logger('Scheduler');
  private readonly startedSlots = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly unitOfWork: UnitOfWork,
    private readonly jobs: Jobs,
  ) {}

  /** Starts every schedule whose latest slot has not been started. Returns the number of started runs. */
  async tick(): Promise<number> {
    let started = 0;
    for (const [name, schedule] of declared('schedules')) {
      const slot = latestSlot(schedule, this.clock.now());
      if (this.startedSlots.get(name) === slot.getTime()) continue;
      try {
        started += await this.startSlot(name, schedule, slot);
        this.startedSlots.set(name, slot.getTime());
      } catch (error) {
        this.log.warn(`schedule ${name} could not be started, retrying`, error);
      }
    }
    return started;
  }

  private async startSlot(name: string, schedule: ScheduleDeclaration, slot: Date): Promise<number> {
    const orgIds = schedule.per === 'installation' ? [SYSTEM_ORG_ID] : await this.organizations(schedule);
    let started = 0;
    for (const orgId of orgIds) {
      if (await this.startRun(name, schedule, slot, orgId)) started += 1;
    }
    return started;
  }

  /** Returns the organizations of a schedule. Suspended ones are included for runWhenSuspended jobs only. */
  private async organizations({ job }: ScheduleDeclaration): Promise<string[]> {
    const suspendedToo = declared('jobs').get(job)?.runWhenSuspended ?? false;
    return (
      await this.unitOfWork.queryOnce<{ id: string }>('SELECT app.organization_ids($1) AS id', [suspendedToo])
    ).map(({ id }) => id);
  }

  private startRun(name: string, schedule: ScheduleDeclaration, slot: Date, orgId: string): Promise<boolean> {
    const context = new Context({ orgId, actor: { type: 'system', id: `schedule:${name}` } });
    return withContext(context, () =>
      this.unitOfWork.run(enterOrganization(orgId), async () => {
        const existing = await this.unitOfWork.sql(
          'SELECT 1 FROM job_runs WHERE org_id = $1 AND schedule = $2 AND period = $3',
          [orgId, name, slot],
        );
        if (existing.length > 0) return false;
        const outboxId = await this.jobs.enqueue(schedule.job as JobName, {
          schedule: name,
          period: slot.toISOString(),
        });
        const inserted = await this.unitOfWork.execute(
          'INSERT INTO job_runs (org_id, schedule, period, outbox_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
          [orgId, name, slot, outboxId],
        );
        // another instance inserted the run first, so this transaction must not enqueue a job
        if (inserted === 0) await this.unitOfWork.rollback();
        return inserted > 0;
      }),
    );
  }
}
