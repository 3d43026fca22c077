import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { currentMember } from '../../../platform/context/context.js';
import { Kms, randomToken } from '../../../platform/crypto/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { Passwords } from '../passwords/index.js';
import type { OpenedSession } from '../sessions/index.js';
import { DevicesRepository } from './devices.repository.js';
import { FactorVerifier } from './factor-verifier.service.js';
import { FactorsRepository } from './factors.repository.js';
import { meantCode, newRecoveryCodes } from './recovery-codes.js';
import { newTotpSecret, totpText, totpUri } from './totp.js';
import { UserKey } from './user-key.js';

/** A factor was added: the session has another secret, and whoever had no recovery codes gets them, this once. */
export interface AddedFactor {
  session: OpenedSession;
  recoveryCodes: string[];
}

/** One's own second factors: time-based codes, recovery codes, remembered devices. */
@Injectable()
export class FactorsService {
  constructor(
    private readonly factors: FactorsRepository,
    private readonly devices: DevicesRepository,
    private readonly proofs: FactorVerifier,
    private readonly passwords: Passwords,
    private readonly kms: Kms,
    private readonly audit: AuditLog,
  ) {}

  /** What is enrolled, and how many recovery codes are left. */
  async own() {
    const { totpConfirmedAt, passkeys, recoveryCodes } = await this.factors.own();
    return { totpConfirmedAt, passkeys: passkeys.length, recoveryCodesLeft: recoveryCodes };
  }

  /** A secret that counts once a code of it was shown. Throws totp_already_enrolled, step_up_required. */
  async enrollTotp(session: string) {
    const { userId, email } = currentMember();
    const key = await this.key();
    const secret = newTotpSecret();
    await this.factors.enrollTotp(session, key.seal('totp_factors', userId, secret));
    this.audit.record('auth.factor_enrollment_started', {
      target: { type: 'user', id: userId },
      meta: { kind: 'totp' },
    });
    return { secret: totpText(secret), uri: totpUri(secret, email) };
  }

  /** Throws invalid_code, also where no enrolment is open. */
  async confirmTotp(session: string, code: string): Promise<AddedFactor> {
    const own = await this.factors.own();
    const shown =
      own.totpConfirmedAt !== null || own.wrapped === null
        ? null
        : this.proofs.byTotp(await UserKey.unwrap(this.kms, own.userId, own.wrapped), own, code);
    const newSecret = randomToken();
    const expiresAt = shown === null ? null : await this.factors.confirmTotp(session, shown, newSecret);
    if (expiresAt === null) throw new Problem('invalid_code');
    return this.added('totp', newSecret, expiresAt, own.recoveryCodes);
  }

  /** Throws not_found, last_factor_required, step_up_required. */
  async removeTotp(session: string): Promise<void> {
    if (!(await this.factors.deleteTotp(session))) throw new Problem('not_found');
    this.record('auth.factor_removed', 'totp');
  }

  /** Ten new ones in place of all there were. Throws no_factor_enrolled, step_up_required. */
  async renewRecoveryCodes(session: string): Promise<string[]> {
    const key = await this.key();
    const codes = newRecoveryCodes();
    await this.factors.setRecoveryCodes(
      session,
      await Promise.all(
        codes.map(async (code) => ({
          lookup: key.lookup(meantCode(code)),
          ...(await this.passwords.credential(meantCode(code))),
        })),
      ),
    );
    this.audit.record('auth.recovery_codes_generated', {
      target: { type: 'user', id: currentMember().userId },
      meta: { count: codes.length },
    });
    return codes;
  }

  /** What follows from a new factor of whatever kind. */
  async added(kind: 'totp' | 'passkey', secret: string, expiresAt: Date, codesLeft: number): Promise<AddedFactor> {
    this.record('auth.factor_enrolled', kind);
    const recoveryCodes = codesLeft > 0 ? [] : await this.renewRecoveryCodes(secret);
    return { session: { secret, organizationId: currentMember().orgId, expiresAt, remembered: false }, recoveryCodes };
  }

  /** The caller's data key, made at first use. */
  async key(): Promise<UserKey> {
    const { userId, wrapped } = await this.factors.own();
    return UserKey.unwrap(
      this.kms,
      userId,
      wrapped ?? (await this.factors.keepKey(await UserKey.create(this.kms, userId))),
    );
  }

  async listDevices() {
    return { items: await this.devices.own(), nextCursor: null };
  }

  /** Throws not_found. */
  async forgetDevice(id: string): Promise<void> {
    if (!(await this.devices.forget(id))) throw new Problem('not_found');
    this.audit.record('auth.device_forgotten', { target: { type: 'device', id } });
  }

  private record(type: 'auth.factor_enrolled' | 'auth.factor_removed', kind: 'totp' | 'passkey'): void {
    this.audit.record(type, { target: { type: 'user', id: currentMember().userId }, meta: { kind } });
  }
}
