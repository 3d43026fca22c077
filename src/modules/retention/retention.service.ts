import { Injectable } from '@nestjs/common';
import { CronExpressionParser } from 'cron-parser';
import { AuditTrail } from '../../platform/audit/audit-trail.js';
import { Clock } from '../../platform/clock/clock.js';
import { newId } from '../../platform/clock/id.js';
import { currentContext } from '../../platform/context/context.js';
import { declaration } from '../../platform/feature/registry.js';
import { Cursors, type Page } from '../../platform/http/pagination.js';
import { Problem } from '../../platform/http/problem.js';
import { Jobs } from '../../platform/jobs/jobs.js';
import { cutoffOf, dueSince, planOf, policiesOf, policyNamed, type RetentionPlan, type RetentionPolicy } from './policy.js';
import type { PolicyResponse, RunsQuery } from './retention.dto.js';
import { RetentionRepository, type RetentionRun } from './retention.repository.js';

/** Plans and starts the retention of the current organization, within the unit of work under way. */
@Injectable()
export class RetentionService {
  constructor(
    private readonly repository: RetentionRepository,
    private readonly jobs: Jobs,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  policies(): Page<PolicyResponse> {
    const { cron, timezone } = declaration('schedules', 'retention.nightly');
    const nextRunAt = CronExpressionParser.parse(cron, { currentDate: this.clock.now(), tz: timezone }).next().toDate();
    const items = policiesOf(currentContext().orgId).map(({ name, description, table, ageColumn, days, floorDays, action }) => ({
      name, description, table, ageColumn, days, floorDays, nextRunAt,
      action: action === 'delete' ? 'delete' as const : 'clear' as const,
      columns: action === 'delete' ? [] : [...action.clear],
    }));
    return { items, nextCursor: null };
  }

  /** What a run would remove now. Throws retention_policy_not_found. */
  preview(name: string): Promise<RetentionPlan> {
    return this.plan(this.policy(name));
  }

  /**
   * Has a policy run by the worker; returns the run's id. With the hash of a preview it runs only if the same is still
   * due. Throws retention_policy_not_found or retention_plan_changed.
   */
  async request(name: string, planHash?: string): Promise<string> {
    const policy = this.policy(name);
    const plan = await this.plan(policy);
    if (planHash !== undefined && planHash !== plan.planHash) throw new Problem('retention_plan_changed');
    const id = await this.start(policy, plan);
    this.audit.record('retention.requested', {
      target: { type: 'retention_run', id },
      meta: { policy: name, due: plan.due, cutoff: plan.cutoff.toISOString(), planHash: plan.planHash },
    });
    return id;
  }

  /** Plans every policy of the organization and starts those that find something; the others are recorded as done. */
  async startAll(): Promise<{ policies: number; due: number }> {
    const policies = policiesOf(currentContext().orgId);
    let due = 0;
    for (const policy of policies) {
      const plan = await this.plan(policy);
      if (plan.due === 0) await this.repository.insertRun(newId(), plan, null, null);
      else await this.start(policy, plan);
      due += plan.due;
    }
    return { policies: policies.length, due };
  }

  /** Starts one more run of a policy, for what the last had no time for. */
  async startAgain(policy: RetentionPolicy): Promise<void> {
    await this.start(policy, await this.plan(policy));
  }

  /** Runs of the organization, newest first. */
  async runs({ limit, cursor, policy }: RunsQuery): Promise<Page<RetentionRun>> {
    const scope = { purpose: 'retention-runs', orgId: currentContext().orgId };
    const before = cursor === undefined ? null : (this.cursors.decode(scope, cursor)[0] as string);
    const rows = await this.repository.list(policy, before, limit + 1);
    return this.cursors.page(scope, rows, limit, ({ id }) => [id]);
  }

  /** For operators: where policies work. */
  organizations(): Promise<string[]> {
    return this.repository.organizations();
  }

  private policy(name: string): RetentionPolicy {
    const policy = policyNamed(currentContext().orgId, name);
    if (policy === undefined) throw new Problem('retention_policy_not_found');
    return policy;
  }

  private async plan(policy: RetentionPolicy): Promise<RetentionPlan> {
    const cutoff = cutoffOf(policy, this.clock.now());
    return planOf(currentContext().orgId, policy, cutoff, await this.repository.due(policy, cutoff));
  }

  private async start(policy: RetentionPolicy, plan: RetentionPlan): Promise<string> {
    const id = newId();
    const jobId = await this.jobs.enqueue('retention.run', { runId: id });
    await this.repository.insertRun(id, plan, plan.oldest && dueSince(policy, plan.oldest), jobId);
    return id;
  }
}
