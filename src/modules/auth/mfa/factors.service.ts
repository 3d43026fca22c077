import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { currentContext, currentMember } from '../../../platform/context/context.js';
import { Kms, randomToken } from '../../../platform/crypto/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { Passwords } from '../passwords/index.js';
import type { OpenedSession } from '../sessions/index.js';
import { DevicesRepository } from './devices.repository.js';
import { FactorVerifier } from './factor-verifier.service.js';
import { FactorsRepository } from './factors.repository.js';
import { normalizeCode, newRecoveryCodes } from './recovery-codes.js';
import { newTotpSecret, totpText, totpUri } from './totp.js';
import { readable, UserKey } from './user-key.js';

/**
 * The result of adding a factor. It contains the session with its new secret. It contains new recovery codes if the
 * user had none; the API returns them only once.
 */
export interface AddedFactor {
  session: OpenedSession;
  recoveryCodes: string[];
}

/** Manages the caller's authenticator app, recovery codes, and remembered devices. */
@Injectable()
export class FactorsService {
  constructor(
    private readonly factors: FactorsRepository,
    private readonly devices: DevicesRepository,
    private readonly verifier: FactorVerifier,
    private readonly passwords: Passwords,
    private readonly kms: Kms,
    private readonly audit: AuditLog,
  ) {}

  /** Returns the enrolled factors and the number of unused recovery codes. */
  async own() {
    const { totpConfirmedAt, passkeys, recoveryCodes } = await this.factors.own();
    return { totpConfirmedAt, passkeys: passkeys.length, recoveryCodesLeft: recoveryCodes };
  }

  /**
   * Returns a new TOTP secret. The factor becomes active when the user confirms it with a code. Throws
   * `totp_already_enrolled` when the user has an active authenticator app. Throws `step_up_required` when the session
   * needs a step-up.
   */
  async enrollTotp(session: string) {
    const { userId, email } = currentMember();
    const key = await this.ownKey();
    const secret = newTotpSecret();
    await this.factors.enrollTotp(session, key.seal('totp_factors', userId, secret));
    this.audit.record('auth.factor_enrollment_started', {
      target: { type: 'user', id: userId },
      meta: { kind: 'totp' },
    });
    return { secret: totpText(secret), uri: totpUri(secret, email) };
  }

  /**
   * Confirms the authenticator app with a code. Throws `invalid_code` when the code is wrong or no enrollment is
   * pending.
   */
  async confirmTotp(session: string, code: string): Promise<AddedFactor> {
    const own = await this.factors.own();
    const factor =
      own.totpConfirmedAt === null ? await this.verifier.verifyTotp(await this.verifier.keyOf(own), own, code) : null;
    const newSecret = randomToken();
    const expiresAt = factor === null ? null : await this.factors.confirmTotp(session, factor, newSecret);
    if (expiresAt === null) throw new Problem('invalid_code');
    await currentContext().uncount();
    return this.finishEnrollment('totp', newSecret, expiresAt, own.recoveryCodes);
  }

  /**
   * Removes the authenticator app. Throws `not_found` when none is enrolled. Throws `last_factor_required` when the
   * organization requires MFA and this is the last factor. Throws `step_up_required` when the session needs a step-up.
   */
  async removeTotp(session: string): Promise<void> {
    if (!(await this.factors.deleteTotp(session))) throw new Problem('not_found');
    this.record('auth.factor_removed', 'totp');
  }

  /**
   * Replaces all recovery codes with ten new codes. Throws `no_factor_enrolled` when the user has no factor. Throws
   * `step_up_required` when the session needs a step-up.
   */
  async renewRecoveryCodes(session: string): Promise<string[]> {
    const key = await this.ownKey();
    const codes = newRecoveryCodes();
    await this.factors.setRecoveryCodes(
      session,
      await Promise.all(
        codes.map(async (code) => ({
          lookup: key.lookup(normalizeCode(code)),
          ...(await this.passwords.credential(normalizeCode(code))),
        })),
      ),
    );
    this.audit.record('auth.recovery_codes_generated', {
      target: { type: 'user', id: currentMember().userId },
      meta: { count: codes.length },
    });
    return codes;
  }

  /** Records a new factor in the audit log. Generates recovery codes if the user has none. */
  async finishEnrollment(
    kind: 'totp' | 'passkey',
    secret: string,
    expiresAt: Date,
    codesLeft: number,
  ): Promise<AddedFactor> {
    this.record('auth.factor_enrolled', kind);
    const recoveryCodes = codesLeft > 0 ? [] : await this.renewRecoveryCodes(secret);
    return { session: { secret, organizationId: currentMember().orgId, expiresAt, remembered: false }, recoveryCodes };
  }

  /**
   * Returns the caller's data key. Creates the key at its first use, and again if it is unreadable and unused. Throws
   * `factors_unreadable` when the caller has factors under an unreadable key.
   */
  async ownKey(): Promise<UserKey> {
    const own = await this.factors.own();
    const key = await this.verifier.keyOf(own);
    if (key !== null) return key;
    const stored = await this.factors.storeKey(await UserKey.create(this.kms, own.userId), own.wrapped);
    const kept = await readable(() => UserKey.unwrap(this.kms, own.userId, stored));
    if (kept === null) throw new Problem('factors_unreadable');
    return kept;
  }

  async listDevices() {
    return { items: await this.devices.own(), nextCursor: null };
  }

  /** Removes a remembered device. Throws `not_found` when the caller has no such device. */
  async forgetDevice(id: string): Promise<void> {
    if (!(await this.devices.forget(id))) throw new Problem('not_found');
    this.audit.record('auth.device_forgotten', { target: { type: 'device', id } });
  }

  private record(type: 'auth.factor_enrolled' | 'auth.factor_removed', kind: 'totp' | 'passkey'): void {
    this.audit.record(type, { target: { type: 'user', id: currentMember().userId }, meta: { kind } });
  }
}
