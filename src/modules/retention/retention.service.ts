import { Injectable } from '@nestjs/common';
import { CronExpressionParser } from 'cron-parser';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { Clock } from '../../platform/clock/clock.js';
import { newId } from '../../platform/clock/id.js';
import { currentContext } from '../../platform/context/context.js';
import { declaration } from '../../platform/feature/registry.js';
import { Cursors, type Page } from '../../platform/http/pagination.js';
import { Problem } from '../../platform/problem/index.js';
import { Jobs } from '../../platform/jobs/jobs.js';
import { cutoffOf, dueSince, planOf, policiesOf, type RetentionPlan, type RetentionPolicy } from './policy.js';
import type { PolicyResponse, RunsQuery } from './retention.dto.js';
import { RetentionRepository, type RetentionRun } from './retention.repository.js';

/** Plans and starts retention of the current organization within the current unit of work. */
@Injectable()
export class RetentionService {
  constructor(
    private readonly repository: RetentionRepository,
    private readonly jobs: Jobs,
    private readonly audit: AuditLog,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  async policies(): Promise<Page<PolicyResponse>> {
    return { items: (await this.all()).map((policy) => this.describe(policy)), nextCursor: null };
  }

  /** Returns a policy as it applies to the current organization. */
  async find(name: string): Promise<RetentionPolicy | undefined> {
    return (await this.all()).find((policy) => policy.name === name);
  }

  /**
   * Sets the retention period of a policy, from the next run on.
   * Throws retention_policy_not_found, and retention_below_floor from the database.
   */
  async setDays(name: string, days: number): Promise<PolicyResponse> {
    await this.policy(name);
    await this.repository.setDays(name, days);
    this.audit.record('retention.days_set', {
      target: { type: 'retention-policy', id: name },
      meta: { policy: name, days },
    });
    return this.describe(await this.policy(name));
  }

  /** Resets the period to the declared one. Throws retention_policy_not_found, and not_found without a setting. */
  async resetDays(name: string): Promise<void> {
    await this.policy(name);
    if (!(await this.repository.resetDays(name))) throw new Problem('not_found');
    this.audit.record('retention.days_reset', {
      target: { type: 'retention-policy', id: name },
      meta: { policy: name },
    });
  }

  /** Returns what a run would remove now. Throws retention_policy_not_found. */
  async preview(name: string): Promise<RetentionPlan> {
    return this.plan(await this.policy(name));
  }

  /**
   * Enqueues a run of a policy and returns its id. With the hash of a preview, it runs only if the same rows are due.
   * Throws retention_policy_not_found or retention_plan_changed.
   */
  async request(name: string, planHash?: string): Promise<string> {
    const policy = await this.policy(name);
    const plan = await this.plan(policy);
    if (planHash !== undefined && planHash !== plan.planHash) throw new Problem('retention_plan_changed');
    const id = await this.start(policy, plan);
    this.audit.record('retention.requested', {
      target: { type: 'retention-run', id },
      meta: { policy: name, due: plan.due, cutoff: plan.cutoff.toISOString(), planHash: plan.planHash },
    });
    return id;
  }

  /** Plans every policy of the organization and starts those with due rows. The others are recorded as done. */
  async startAll(): Promise<{ policies: number; due: number }> {
    const policies = await this.all();
    let due = 0;
    for (const policy of policies) {
      const plan = await this.plan(policy);
      if (plan.due === 0) await this.repository.insertRun(newId(), plan, null, null);
      else await this.start(policy, plan);
      due += plan.due;
    }
    return { policies: policies.length, due };
  }

  /** Starts another run of a policy for the rows that the last run did not reach. */
  async startAgain(policy: RetentionPolicy): Promise<void> {
    await this.start(policy, await this.plan(policy));
  }

  /** Returns the organization's runs, newest first. */
  async runs({ limit, cursor, policy }: RunsQuery): Promise<Page<RetentionRun>> {
    const scope = { purpose: 'retention-runs', orgId: currentContext().orgId };
    const before = this.cursors.lastId(scope, cursor);
    const rows = await this.repository.list(policy, before, limit + 1);
    return this.cursors.page(scope, rows, limit, ({ id }) => [id]);
  }

  /** For operators: returns the organizations with policies. */
  organizations(): Promise<string[]> {
    return this.repository.organizations();
  }

  private async all(): Promise<RetentionPolicy[]> {
    return policiesOf(currentContext().orgId, await this.repository.ownDays());
  }

  private describe({
    name,
    description,
    table,
    ageColumn,
    days,
    declaredDays,
    floorDays,
    action,
  }: RetentionPolicy): PolicyResponse {
    const { cron, timezone } = declaration('schedules', 'retention.nightly');
    return {
      name,
      description,
      table,
      ageColumn,
      days,
      declaredDays,
      floorDays,
      action: action === 'delete' ? 'delete' : 'clear',
      columns: action === 'delete' ? [] : [...action.clear],
      nextRunAt: CronExpressionParser.parse(cron, { currentDate: this.clock.now(), tz: timezone }).next().toDate(),
    };
  }

  private async policy(name: string): Promise<RetentionPolicy> {
    const policy = await this.find(name);
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
