import { Injectable, Logger } from '@nestjs/common';
import { CronExpressionParser } from 'cron-parser';
import { Clock } from '../clock/clock.js';
import { SYSTEM_ORG_ID } from '../clock/id.js';
import { Context, withContext } from '../context/context.js';
import { enterOrganization } from '../database/tenant-context.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { ScheduleDeclaration } from '../feature/declarations.js';
import { declared, type JobName } from '../feature/registry.js';
import { Jobs } from './jobs.js';

/**
 * Starts what is due. A tick is only an occasion to look: the truth is the row in `job_runs`, one a schedule,
 * organization and slot, so that many instances start a slot once and a slot missed while nothing ran is made up for.
 */
@Injectable()
export class Scheduler {
  private readonly log = new Logger('Scheduler');
  private readonly seen = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly unitOfWork: UnitOfWork,
    private readonly jobs: Jobs,
  ) {}

  /** Starts every schedule whose latest slot has not been started; returns how many runs it started. */
  async tick(): Promise<number> {
    let started = 0;
    for (const [name, schedule] of declared('schedules')) {
      const slot = this.latestSlot(schedule);
      if (this.seen.get(name) === slot.getTime()) continue;
      try {
        started += await this.startSlot(name, schedule, slot);
        this.seen.set(name, slot.getTime());
      } catch (error) {
        this.log.warn(`schedule ${name} could not be started, trying again`, error);
      }
    }
    return started;
  }

  private latestSlot({ cron, timezone }: ScheduleDeclaration): Date {
    const next = new Date(this.clock.millis() + 1);
    return CronExpressionParser.parse(cron, { currentDate: next, tz: timezone }).prev().toDate();
  }

  private async startSlot(name: string, schedule: ScheduleDeclaration, slot: Date): Promise<number> {
    const orgIds = schedule.per === 'installation' ? [SYSTEM_ORG_ID] : await this.organizations(schedule);
    let started = 0;
    for (const orgId of orgIds) {
      if (await this.startRun(name, schedule, slot, orgId)) started += 1;
    }
    return started;
  }

  /** Suspended ones have only their duties done. */
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
        const taken = await this.unitOfWork.sql(
          'SELECT 1 FROM job_runs WHERE org_id = $1 AND schedule = $2 AND period = $3',
          [orgId, name, slot],
        );
        if (taken.length > 0) return false;
        const outboxId = await this.jobs.enqueue(schedule.job as JobName, {
          schedule: name,
          period: slot.toISOString(),
        });
        const inserted = await this.unitOfWork.execute(
          'INSERT INTO job_runs (org_id, schedule, period, outbox_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
          [orgId, name, slot, outboxId],
        );
        // another instance was faster: its job runs, ours never existed
        if (inserted === 0) await this.unitOfWork.rollback();
        return inserted > 0;
      }),
    );
  }
}
