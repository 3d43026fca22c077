import { Injectable } from '@nestjs/common';
import { hashToken } from '../../../platform/crypto/index.js';
import { enterSession, type TenantContext } from '../../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AttemptReservation } from '../passwords/index.js';
import { type NewSession, newSessionParam } from '../sessions/index.js';
import { presentedFactorParam, presentedFactorValue, type PresentedFactor } from './presented-factor.js';
import type { SealedFactor } from './user-key.js';

/** A user's factors, as far as a step needs to know them; see `app.factors`. */
export interface Factors {
  userId: string;
  email: string;
  /** The user's wrapped data key; null before the first factor. */
  wrapped: Buffer | null;
  totp: Buffer | null;
  totpConfirmedAt: Date | null;
  recoveryCodes: number;
  /** Ids of credentials in hex. */
  passkeys: { id: string; transports: string[] }[];
  hasPassword: boolean;
  [column: string]: unknown;
}

/** What `app.complete_mfa` answers. */
export interface MfaOutcome {
  state: 'ok' | 'refused' | 'locked' | 'expired';
  user_id: string | null;
  email: string | null;
  org_id: string;
  expires_at: Date;
  /** Until when the device is remembered; null where it is not. */
  device_expires_at: Date | null;
  remembered: boolean;
  [column: string]: unknown;
}

/** A device about to be remembered. */
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
 * Second factors, through the functions that ask for a proof. A secret is that of a session, or of a sign-in under way.
 */
@Injectable()
export class FactorsRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** The factors behind a sign-in under way; null where it has lapsed. */
  async pending(secret: string): Promise<Factors | null> {
    const [row] = await this.unitOfWork.queryOnce<Factors>(`SELECT ${FACTORS} FROM app.pending_factors($1)`, [secret]);
    return row?.userId ? row : null;
  }

  async own(): Promise<Factors> {
    const [row] = await this.unitOfWork.sql<Factors>(`SELECT ${FACTORS} FROM app.own_factors()`);
    return row!;
  }

  /** Takes a try; durable before anything is evaluated. */
  async begin(secret: string, lookup: Buffer | null): Promise<AttemptReservation & { salt: Buffer | null }> {
    const [row] = await this.unitOfWork.queryOnce<AttemptReservation & { salt: Buffer | null }>(
      'SELECT * FROM app.begin_reauthentication($1, $2)',
      [secret, lookup],
    );
    return row!;
  }

  /** Counts a failure within a session; it stays counted whatever becomes of the request. */
  async fail(secret: string): Promise<'refused' | 'locked'> {
    const [row] = await this.unitOfWork.queryOnce<{ state: 'refused' | 'locked' }>(
      'SELECT app.fail_reauthentication($1) AS state',
      [secret],
    );
    return row!.state;
  }

  /** The entrance that ends a sign-in under way, or counts the failure. */
  completion(
    secret: string,
    shown: PresentedFactor | null,
    visit: NewSession,
    device: NewDevice | null,
  ): TenantContext<MfaOutcome> {
    return {
      statement: {
        text: `SELECT * FROM app.complete_mfa($1, ${presentedFactorParam(2)}, ${newSessionParam(3)}, $4, $5)`,
        values: [
          secret,
          presentedFactorValue(shown),
          visit.parameter,
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

  /** Into the session once more, after its request's transaction was ended. */
  session(secret: string): TenantContext {
    return enterSession(secret, false);
  }

  /** When the rotated session ends; null where the proof does not hold. */
  async stepUp(secret: string, shown: PresentedFactor, newSecret: string): Promise<Date | null> {
    return this.endOf(`SELECT app.complete_step_up($1, ${presentedFactorParam(2)}, $3) AS "expiresAt"`, [
      secret,
      presentedFactorValue(shown),
      hashToken(newSecret),
    ]);
  }

  /** Keeps the caller's wrapped key unless there is one; returns the one that is kept. */
  async keepKey(wrapped: Buffer): Promise<Buffer> {
    const [row] = await this.unitOfWork.sql<{ wrapped: Buffer }>('SELECT app.keep_own_key($1) AS wrapped', [wrapped]);
    return row!.wrapped;
  }

  async enrollTotp(secret: string, { sealed, proofHash }: SealedFactor): Promise<void> {
    await this.unitOfWork.sql('SELECT app.enroll_totp($1, $2, $3)', [secret, sealed, proofHash]);
  }

  /** As `stepUp`. */
  async confirmTotp(secret: string, shown: PresentedFactor, newSecret: string): Promise<Date | null> {
    return this.endOf(`SELECT app.confirm_totp($1, ${presentedFactorParam(2)}, $3) AS "expiresAt"`, [
      secret,
      presentedFactorValue(shown),
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

  /** False for a membership that is not of this organization, or over. */
  async reset(membershipId: string): Promise<boolean> {
    const [row] = await this.unitOfWork.sql<{ reset: boolean }>('SELECT app.reset_factors($1) AS reset', [
      membershipId,
    ]);
    return row!.reset;
  }

  /** Removes what has lapsed; needs the worker's role. */
  async sweep(): Promise<number> {
    const [row] = await this.unitOfWork.sql<{ swept: number }>('SELECT app.sweep_sign_ins() AS swept');
    return row!.swept;
  }

  private async endOf(text: string, values: unknown[]): Promise<Date | null> {
    const [row] = await this.unitOfWork.sql<{ expiresAt: Date | null }>(text, values);
    return row!.expiresAt;
  }
}
