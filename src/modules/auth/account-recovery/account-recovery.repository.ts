import { Injectable } from '@nestjs/common';
import type { TenantContext } from '../../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { Credential, PasswordOwner } from '../passwords/index.js';
import type { MailKind } from './account-mail.js';

/** The result of a password reset; see `app.reset_password`. */
export interface ResetOutcome {
  state: 'ok' | 'repeated' | 'invalid';
  org_id: string;
  user_id: string | null;
  [column: string]: unknown;
}

/** A mail and its recipient; see `app.resolve_account_mail`. */
export interface AccountMail {
  kind: MailKind;
  email: string;
  userId: string;
  orgId: string;
  /** Whether an organization of the user allows passwords. */
  allowsPasswords: boolean;
  [column: string]: unknown;
}

/** Stores the mails about accounts and the digests of their tokens. SQL functions check the tokens. */
@Injectable()
export class AccountRecoveryRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns the tenant context that requests a password reset mail. It looks up no user. */
  requestReset(email: string): TenantContext {
    return { call: { text: 'app.request_password_reset($1)', values: [email] } };
  }

  async requestVerification(): Promise<void> {
    await this.unitOfWork.sql('SELECT app.request_email_verification()');
  }

  /** Returns the user whose password the token would set. All fields are empty when the token is invalid. */
  async ownerOf(token: string): Promise<PasswordOwner> {
    const [row] = await this.unitOfWork.queryOnce<{ email: string | null; names: string[] | null }>(
      'SELECT * FROM app.token_owner($1)',
      [token],
    );
    return { email: row?.email ?? '', names: row?.names ?? [] };
  }

  /** Returns the tenant context that sets the password with a token. The token takes effect once. */
  reset(token: string, { salt, verifier }: Credential): TenantContext<ResetOutcome> {
    return {
      call: { text: 'app.reset_password($1, $2, $3)', values: [token, salt, verifier] },
      identity: ({ state, org_id: orgId, user_id: id }) => ({
        orgId,
        ...(state === 'ok' && { actor: { type: 'user', id } }),
      }),
    };
  }

  /**
   * Verifies the caller's e-mail address. Returns false when the token is invalid, has expired, or belongs to another
   * user.
   */
  async verify(token: string): Promise<boolean> {
    const [row] = await this.unitOfWork.sql<{ verified: boolean }>('SELECT app.verify_email($1) AS verified', [token]);
    return row!.verified;
  }

  /**
   * Returns the mail. Returns null when the mail has no recipient or was already sent. Requires the worker's database
   * role.
   */
  async resolve(id: string): Promise<AccountMail | null> {
    const [row] = await this.unitOfWork.sql<AccountMail>(
      `SELECT kind, address AS email, user_id AS "userId", org_id AS "orgId", takes_passwords AS "allowsPasswords"
         FROM app.resolve_account_mail($1)`,
      [id],
    );
    return row ?? null;
  }

  /**
   * Stores the digest of the mail's token. Returns false when the mail is outdated. Requires the worker's database
   * role.
   */
  async issue(id: string, tokenHash: Buffer, minutes: number): Promise<boolean> {
    const [row] = await this.unitOfWork.sql<{ issued: boolean }>(
      'SELECT app.issue_account_token($1, $2, $3) AS issued',
      [id, tokenHash, minutes],
    );
    return row!.issued;
  }

  async markSent(id: string): Promise<void> {
    await this.unitOfWork.sql('SELECT app.account_mail_sent($1)', [id]);
  }

  /** Deletes outdated locks and mails. Returns the number of deleted locks and mails. */
  async sweep(): Promise<{ locks: number; mails: number }> {
    const [row] = await this.unitOfWork.sql<{ locks: string; mails: string }>('SELECT * FROM app.sweep_sign_in()');
    return { locks: Number(row!.locks), mails: Number(row!.mails) };
  }
}
