import { Injectable } from '@nestjs/common';
import type { Preset } from '../../platform/feature/roles.js';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { currentContext } from '../../platform/context/context.js';
import { Problem } from '../../platform/problem/index.js';
import type { UpdateSignInPolicyDto, UpdateOrganizationDto } from './organization.dto.js';
import type { OrganizationEntity } from './organization.entity.js';
import { OrganizationRepository, type LockoutReason } from './organization.repository.js';

/** The reasons for a suspension. The audit log records the reason, so it is not free text. */
export const SUSPENSION_REASONS = ['unpaid', 'incident', 'requested', 'other'] as const;
export type SuspensionReason = (typeof SUSPENSION_REASONS)[number];

/** What the caller must do before the setting, by the requirement that the caller's session would not meet. */
const MISSING_STEPS: Readonly<Record<LockoutReason, string>> = {
  step_up: 'Use your second factor in this session first: confirm your identity at /account/step-up.',
  mfa_enrollment: 'Set up a second factor first, at /account/security.',
  sso: 'Sign in through the identity provider first, with your own account, and repeat the change in that session.',
  break_glass:
    'Sign in through the identity provider first, or use a second factor: set one up at /account/security, and sign ' +
    'in again with it. An owner with a second factor can sign in while single sign-on is enforced.',
  method: 'Sign in with a method that the organization will allow first, and repeat the change in that session.',
};

/** Manages the current organization. Members change its settings. Operators change its status. */
@Injectable()
export class OrganizationService {
  constructor(
    private readonly organizations: OrganizationRepository,
    private readonly audit: AuditLog,
  ) {}

  current(): Promise<OrganizationEntity> {
    return this.organizations.find();
  }

  /**
   * Changes settings. Throws `no_institution` when the change gives a consent and the organization belongs to no
   * institution.
   */
  async update(changes: UpdateOrganizationDto): Promise<OrganizationEntity> {
    await this.assertInstitution(changes.institutionReporting);
    await this.organizations.update(changes);
    this.record('organization.updated', { fields: Object.keys(changes) });
    return this.organizations.find();
  }

  /**
   * Changes the sign-in policy. Throws `would_lock_you_out` when the change would end the access of the calling member;
   * the detail names the missing step. Throws `sso_connection_not_tested` when SSO would be enforced without a tested
   * connection. Throws `no_institution` when a setting requires an institution and the organization belongs to none.
   */
  async secure(changes: UpdateSignInPolicyDto): Promise<OrganizationEntity> {
    await this.assertInstitution(changes.institutionSignIn);
    await this.organizations.update(changes);
    const reason = currentContext().member === null ? null : await this.organizations.lockoutReason();
    if (reason !== null) throw new Problem('would_lock_you_out', { detail: MISSING_STEPS[reason] });
    this.record('organization.sign_in_policy_updated', { fields: Object.keys(changes) });
    return this.organizations.find();
  }

  /** Creates an organization. Only operators use this method and all methods below it. */
  async create(id: string, name: string, preset: Preset): Promise<void> {
    await this.organizations.create(id, name, preset);
    this.audit.record('organization.created', { target: { type: 'organization', id }, meta: { preset } });
  }

  /** Suspends the organization. Returns false when the organization was already suspended. */
  suspend(reason: SuspensionReason): Promise<boolean> {
    return this.setStatus('suspended', () => this.record('organization.suspended', { reason }));
  }

  /**
   * Reactivates the organization. Sessions that have not expired continue. Returns false when the organization was
   * active.
   */
  resume(): Promise<boolean> {
    return this.setStatus('active', () => this.record('organization.resumed'));
  }

  ids(): Promise<string[]> {
    return this.organizations.ids();
  }

  private async setStatus(status: 'active' | 'suspended', record: () => void): Promise<boolean> {
    const changed = await this.organizations.setStatus(status);
    if (changed) record();
    return changed;
  }

  private async assertInstitution(consent: boolean | undefined): Promise<void> {
    if (consent && (await this.organizations.find()).institutionId === null) throw new Problem('no_institution');
  }

  private record(
    type:
      | 'organization.updated'
      | 'organization.sign_in_policy_updated'
      | 'organization.suspended'
      | 'organization.resumed',
    meta?: Record<string, unknown>,
  ): void {
    this.audit.record(type, { target: { type: 'organization', id: currentContext().orgId }, meta });
  }
}
