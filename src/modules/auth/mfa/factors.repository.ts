import { Injectable } from '@nestjs/common';
import { hashToken } from '../../../platform/crypto/index.js';
import { enterSession, type TenantContext } from '../../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AttemptReservation } from '../passwords/index.js';
import { type NewSession, newSessionParam } from '../sessions/index.js';
import { presentedFactorParam, presentedFactorValue, type PresentedFactor } from './presented-factor.js';
import type { SealedFactor } from './user-key.js';

/** A user's factors; see `app.factors`. */
export interface Factors {
  userId: string;
  email: string;
  /** The user's wrapped data key. Null until the user enrolls the first factor. */
  wrapped: Buffer | null;
  totp: Buffer | null;
  totpConfirmedAt: Date | null;
  recoveryCodes: number;
  /** The ids are credential ids in hex. */
  passkeys: { id: string; transports: string[] }[];
  hasPassword: boolean;
  [column: string]: unknown;
}

/** The result of `app.complete_mfa`. */
export interface MfaOutcome {
  state: 'ok' | 'refused' | 'locked' | 'expired';
  user_id: string | null;
  email: string | null;
  org_id: string;
  expires_at: Date;
  /** The time when the remembered device expires. Null when the device is not remembered. */
  device_expires_at: Date | null;
  remembered: boolean;
  [column: string]: unknown;
}

/** A device to remember. */
export interface NewDevice {
  id: string;
  secret: string;
}

export interface StoredCode {
  lookup: Buffer;
  salt: Buffer;
  verifier: Buffer;
}

const FACTORS = `user_id AS "userId", email, wrapped, totp, totp_confirmed_at AS "totpConfirmedAt",
  recovery_codes AS "recoveryCodes", passkeys,
  has_password AS "hasPassword"`;

/**
 * Stores second factors. The SQL functions require a proof of each factor. The parameter `secret` is the secret of a
 * session or of a pending sign-in.
 */
@Injectable()
export class FactorsRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns the factors of the user of a pending sign-in, or null when the sign-in has expired. */
  async pending(secret: string): Promise<Factors | null> {
    const [row] = await this.unitOfWork.queryOnce<Factors>(`SELECT ${FACTORS} FROM app.pending_factors($1)`, [secret]);
    return row?.userId ? row : null;
  }

  async own(): Promise<Factors> {
    const [row] = await this.unitOfWork.sql<Factors>(`SELECT ${FACTORS} FROM app.own_factors()`);
    return row!;
  }

  /** Reserves an attempt. The reservation is committed before the application verifies the factor. */
  async begin(secret: string, lookup: Buffer | null): Promise<AttemptReservation & { salt: Buffer | null }> {
    const [row] = await this.unitOfWork.queryOnce<AttemptReservation & { salt: Buffer | null }>(
      'SELECT * FROM app.begin_reauthentication($1, $2)',
      [secret, lookup],
    );
    return row!;
  }

  /** Counts a failed attempt within a session. A later rollback of the request does not undo the count. */
  async fail(secret: string): Promise<'refused' | 'locked'> {
    const [row] = await this.unitOfWork.queryOnce<{ state: 'refused' | 'locked' }>(
      'SELECT app.fail_reauthentication($1) AS state',
      [secret],
    );
    return row!.state;
  }

  /**
   * Returns the tenant context that completes a pending sign-in. If the factor is invalid, that context counts the
   * failure instead.
   */
  completion(
    secret: string,
    factor: PresentedFactor | null,
    session: NewSession,
    device: NewDevice | null,
  ): TenantContext<MfaOutcome> {
    return {
      call: {
        text: `app.complete_mfa($1, ${presentedFactorParam(2)}, ${newSessionParam(3)}, $4, $5)`,
        values: [
          secret,
          presentedFactorValue(factor),
          session.parameter,
          device?.id ?? null,
          device === null ? null : hashToken(device.secret),
        ],
      },
      identity: ({ org_id: orgId, state, user_id: id, email }) => ({
        orgId,
        actor: { type: state === 'ok' ? 'user' : 'anonymous', id, email: email ?? undefined },
      }),
    };
  }

  /** Returns the tenant context that enters the session again after the request's first transaction has ended. */
  session(secret: string): TenantContext {
    return enterSession(secret, false);
  }

  /**
   * Verifies a factor and rotates the session's secret. Returns the expiry of the session, or null when the factor is
   * invalid.
   */
  async stepUp(secret: string, factor: PresentedFactor, newSecret: string): Promise<Date | null> {
    return this.expiry(`SELECT app.complete_step_up($1, ${presentedFactorParam(2)}, $3) AS "expiresAt"`, [
      secret,
      presentedFactorValue(factor),
      hashToken(newSecret),
    ]);
  }

  /**
   * Stores the caller's wrapped key if the caller has none, or if nothing depends on the `unreadable` one. Returns the
   * stored key.
   */
  async storeKey(wrapped: Buffer, unreadable: Buffer | null): Promise<Buffer> {
    const [row] = await this.unitOfWork.sql<{ wrapped: Buffer }>('SELECT app.keep_own_key($1, $2) AS wrapped', [
      wrapped,
      unreadable,
    ]);
    return row!.wrapped;
  }

  async enrollTotp(secret: string, { sealed, proofHash }: SealedFactor): Promise<void> {
    await this.unitOfWork.sql('SELECT app.enroll_totp($1, $2, $3)', [secret, sealed, proofHash]);
  }

  /**
   * Confirms an authenticator app and rotates the session's secret. Returns the expiry of the session, or null when no
   * enrollment is pending.
   */
  async confirmTotp(secret: string, factor: PresentedFactor, newSecret: string): Promise<Date | null> {
    return this.expiry(`SELECT app.confirm_totp($1, ${presentedFactorParam(2)}, $3) AS "expiresAt"`, [
      secret,
      presentedFactorValue(factor),
      hashToken(newSecret),
    ]);
  }

  async deleteTotp(secret: string): Promise<boolean> {
    const [row] = await this.unitOfWork.sql<{ deleted: boolean }>('SELECT app.delete_totp($1) AS deleted', [secret]);
    return row!.deleted;
  }

  async setRecoveryCodes(secret: string, codes: readonly StoredCode[]): Promise<void> {
    await this.unitOfWork.sql('SELECT app.set_recovery_codes($1, $2, $3, $4)', [
      secret,
      codes.map(({ lookup }) => lookup),
      codes.map(({ salt }) => salt),
      codes.map(({ verifier }) => verifier),
    ]);
  }

  /** Removes all factors of a member. Returns false when the organization has no such active membership. */
  async reset(membershipId: string): Promise<boolean> {
    const [row] = await this.unitOfWork.sql<{ reset: boolean }>('SELECT app.reset_factors($1) AS reset', [
      membershipId,
    ]);
    return row!.reset;
  }

  /**
   * Deletes expired sign-ins, enrollments, and devices. Returns the number of deleted rows. Requires the worker's
   * database role.
   */
  async sweep(): Promise<number> {
    const [row] = await this.unitOfWork.sql<{ swept: number }>('SELECT app.sweep_sign_ins() AS swept');
    return row!.swept;
  }

  private async expiry(text: string, values: unknown[]): Promise<Date | null> {
    const [row] = await this.unitOfWork.sql<{ expiresAt: Date | null }>(text, values);
    return row!.expiresAt;
  }
}
