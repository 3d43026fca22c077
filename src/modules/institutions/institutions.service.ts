import { Injectable } from '@nestjs/common';
import { AuditLog, type AuditTarget } from '../../platform/audit/audit-log.js';
import { currentContext } from '../../platform/context/context.js';
import type { Page } from '../../platform/http/pagination.js';
import type { OrganizationStatistics } from './institutions.dto.js';
import { InstitutionsRepository } from './institutions.repository.js';

/** Manages institutions. Members read reports. Operators create institutions and assign organizations to them. */
@Injectable()
export class InstitutionsService {
  constructor(
    private readonly institutions: InstitutionsRepository,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Returns the statistics of the organizations in the caller's institution that have consented. The list is empty if
   * the caller's organization has no institution.
   */
  async report(): Promise<Page<OrganizationStatistics>> {
    const items = await this.institutions.report();
    this.audit.record('institution.report_viewed', { meta: { organizations: items.length } });
    return { items, nextCursor: null };
  }

  /** Creates an institution. Only operators use `create`, `add`, and `remove`. */
  async create(id: string, name: string): Promise<void> {
    await this.institutions.create(id, name);
    this.audit.record('institution.created', { target: { type: 'institution', id } });
  }

  /**
   * Moves the current organization into an institution and clears its consents. Returns false when the organization
   * already belongs to this institution.
   */
  async add(institutionId: string): Promise<boolean> {
    const added = await this.institutions.place(institutionId);
    if (added) this.audit.record('institution.joined', { target: organization(), meta: { institutionId } });
    return added;
  }

  /** Removes the current organization from its institution. Returns false when the organization belongs to none. */
  async remove(): Promise<boolean> {
    const removed = await this.institutions.place(null);
    if (removed) this.audit.record('institution.left', { target: organization() });
    return removed;
  }
}

function organization(): AuditTarget {
  return { type: 'organization', id: currentContext().orgId };
}
