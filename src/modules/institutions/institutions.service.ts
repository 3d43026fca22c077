import { Injectable } from '@nestjs/common';
import { AuditLog, type AuditTarget } from '../../platform/audit/audit-log.js';
import { currentContext } from '../../platform/context/context.js';
import type { Page } from '../../platform/http/pagination.js';
import type { OrganizationStatistics } from './institutions.dto.js';
import { InstitutionsRepository } from './institutions.repository.js';

/** Institutions: reports for their organizations; for operators, which there are and who belongs to them. */
@Injectable()
export class InstitutionsService {
  constructor(
    private readonly institutions: InstitutionsRepository,
    private readonly audit: AuditLog,
  ) {}

  /** The organizations of the caller's institution that agreed to be reported; none where there is no institution. */
  async report(): Promise<Page<OrganizationStatistics>> {
    const items = await this.institutions.report();
    this.audit.record('institution.report_viewed', { meta: { organizations: items.length } });
    return { items, nextCursor: null };
  }

  /** For operators, as below. */
  async create(id: string, name: string): Promise<void> {
    await this.institutions.create(id, name);
    this.audit.record('institution.created', { target: { type: 'institution', id } });
  }

  /**
   * Puts the current organization into an institution; what it agreed to before has ended. False when it is in it
   * already.
   */
  async add(institutionId: string): Promise<boolean> {
    const added = await this.institutions.place(institutionId);
    if (added) this.audit.record('institution.joined', { target: organization(), meta: { institutionId } });
    return added;
  }

  /** False when the organization is in none. */
  async remove(): Promise<boolean> {
    const removed = await this.institutions.place(null);
    if (removed) this.audit.record('institution.left', { target: organization() });
    return removed;
  }
}

function organization(): AuditTarget {
  return { type: 'organization', id: currentContext().orgId };
}
