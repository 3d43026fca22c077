import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { Clock } from '../../platform/clock/clock.js';
import { newId } from '../../platform/clock/id.js';
import { currentContext } from '../../platform/context/context.js';
import { declaration } from '../../platform/feature/registry.js';
import { Cursors, type Page } from '../../platform/http/pagination.js';
import { Problem } from '../../platform/problem/index.js';
import { Jobs } from '../../platform/jobs/jobs.js';
import { nextSlot } from '../../platform/jobs/slots.js';
import { cutoffOf, dueSince, planOf, policiesOf, type RetentionPlan, type RetentionPolicy } from './policy.js';
import type { PolicyResponse, RunsQuery } from './retention.dto.js';
import { RetentionRepository, type RetentionRun } from './retention.repository.js';

/** Plans and starts retention runs of the current organization, within the current unit of work. */
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

  /** Returns a policy with the settings of the current organization. */
  async find(name: string): Promise<RetentionPolicy | undefined> {
    return (await this.all()).find((policy) => policy.name === name);
  }

  /**
   * Sets the retention period of a policy. It applies from the next run. Throws `retention_policy_not_found` when there
   * is no such policy. The database throws `retention_below_floor` when the period is below the minimum.
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

  /**
   * Resets the retention period to the declared value. Throws `retention_policy_not_found` when there is no such
   * policy. Throws `not_found` when the organization has no setting.
   */
  async resetDays(name: string): Promise<void> {
    await this.policy(name);
    if (!(await this.repository.resetDays(name))) throw new Problem('not_found');
    this.audit.record('retention.days_reset', {
      target: { type: 'retention-policy', id: name },
      meta: { policy: name },
    });
  }

  /** Returns what a run would remove now. Throws `retention_policy_not_found` when there is no such policy. */
  async preview(name: string): Promise<RetentionPlan> {
    return this.plan(await this.policy(name));
  }

  /**
   * Enqueues a run of a policy and returns the id of the run. Throws `retention_policy_not_found` when there is no such
   * policy. Throws `retention_plan_changed` when `planHash` is given and the due rows have changed since that preview.
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

  /**
   * Plans a run of every policy of the organization. Starts the runs that have due rows. Records the other runs as
   * ended.
   */
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

  /** Starts another run of a policy, for the due rows that the previous run left. */
  async startAgain(policy: RetentionPolicy): Promise<void> {
    await this.start(policy, await this.plan(policy));
  }

  /** Returns a page of the organization's runs, newest first. */
  async runs({ limit, cursor, policy }: RunsQuery): Promise<Page<RetentionRun>> {
    const scope = { purpose: 'retention-runs', orgId: currentContext().orgId };
    const before = this.cursors.lastId(scope, cursor);
    const rows = await this.repository.list(policy, before, limit + 1);
    return this.cursors.page(scope, rows, limit, ({ id }) => [id]);
  }

  /** Returns the ids of the organizations for which retention runs. Operators use it. */
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
      nextRunAt: nextSlot(declaration('schedules', 'retention.nightly'), this.clock.now()),
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
