import { Injectable } from '@nestjs/common';
import type { TenantContext } from '../../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { presentedFactorParam, presentedFactorValue, type PresentedFactor } from '../mfa/index.js';

/** An offer of a link. The name and the role are null before the proof. */
export interface PendingLink {
  connectionId: string;
  connection: string;
  organization: string;
  email: string;
  step: 'password' | 'factor' | 'confirm';
  name: string | null;
  role: string | null;
  [column: string]: unknown;
}

/** The row that `app.prove_link` returns. */
export interface LinkProof {
  state:
    | 'proven'
    | 'mfa_required'
    | 'mfa_enrollment_required'
    | 'password_change_required'
    | 'refused'
    | 'locked'
    | 'expired';
  user_id: string | null;
  email: string | null;
  org_id: string;
  [column: string]: unknown;
}

/** Reads and proves offers of links. The parameter `secret` is the secret of the offer. */
@Injectable()
export class LinkingRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns an offer. Returns null when it has expired or was used. */
  async find(secret: string): Promise<PendingLink | null> {
    const [row] = await this.unitOfWork.queryOnce<PendingLink>(
      `SELECT connection_id AS "connectionId", connection, organization, email, step, name, role
         FROM app.pending_link($1)`,
      [secret],
    );
    return row ?? null;
  }

  /** Returns the tenant context that proves the account of an offer. A wrong proof counts as a failed sign-in. */
  proof(secret: string, presented: PresentedFactor | null): TenantContext<LinkProof> {
    return {
      call: {
        text: `app.prove_link($1, ${presentedFactorParam(2)})`,
        values: [secret, presentedFactorValue(presented)],
      },
      identity: ({ org_id: orgId, state, user_id: id, email }) => ({
        orgId,
        actor: { type: state === 'proven' ? 'user' : 'anonymous', id, email: email ?? undefined },
      }),
    };
  }
}
