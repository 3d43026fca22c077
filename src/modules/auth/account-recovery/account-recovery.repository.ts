import { Injectable } from '@nestjs/common';
import type { TenantContext } from '../../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { Credential, PasswordOwner } from '../passwords/index.js';
import type { MailKind } from './account-mail.js';

/** What became of a token that was to set a password, see `app.reset_password`. */
export interface ResetOutcome {
  state: 'ok' | 'invalid';
  org_id: string;
  user_id: string | null;
  [column: string]: unknown;
}

/** Whom a mail is for, see `app.resolve_account_mail`. */
export interface AccountMail {
  kind: MailKind;
  address: string;
  userId: string;
  orgId: string;
  takesPasswords: boolean;
  [column: string]: unknown;
}

/** Mails about accounts and their tokens, through the functions that check what they are given. */
@Injectable()
export class AccountRecoveryRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** The entrance of whoever asks to set a password: it looks up nobody. */
  askReset(email: string): TenantContext {
    return { statement: { text: 'SELECT app.request_password_reset($1)', values: [email] } };
  }

  async askVerification(): Promise<void> {
    await this.unitOfWork.sql('SELECT app.request_email_verification()');
  }

  /** Whose password a token would set; nobody's where it is not good. */
  async ownerOf(token: string): Promise<PasswordOwner> {
    const [row] = await this.unitOfWork.queryOnce<{ email: string | null; names: string[] | null }>(
      'SELECT * FROM app.token_owner($1)',
      [token],
    );
    return { email: row?.email ?? '', names: row?.names ?? [] };
  }

  /** The entrance of whoever has a token: sets the password, once. */
  reset(token: string, { salt, verifier }: Credential): TenantContext<ResetOutcome> {
    return {
      statement: { text: 'SELECT * FROM app.reset_password($1, $2, $3)', values: [token, salt, verifier] },
      identity: ({ state, org_id: orgId, user_id: id }) => ({
        orgId,
        ...(state === 'ok' && { actor: { type: 'user', id } }),
      }),
    };
  }

  /** False where the token is not, or no longer, good, or another's. */
  async verify(token: string): Promise<boolean> {
    const [row] = await this.unitOfWork.sql<{ verified: boolean }>('SELECT app.verify_email($1) AS verified', [token]);
    return row!.verified;
  }

  /** Null where there is nobody to send it to, or it has left already; for the worker. */
  async letter(id: string): Promise<AccountMail | null> {
    const [row] = await this.unitOfWork.sql<AccountMail>(
      `SELECT kind, address, user_id AS "userId", org_id AS "orgId", takes_passwords AS "takesPasswords"
         FROM app.resolve_account_mail($1)`,
      [id],
    );
    return row ?? null;
  }

  /** Keeps the digest of the token that is about to be mailed, for the worker; false when the mail is out of date. */
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

  /** How many locks and mails were forgotten. */
  async sweep(): Promise<{ locks: number; mails: number }> {
    const [row] = await this.unitOfWork.sql<{ locks: string; mails: string }>('SELECT * FROM app.sweep_sign_in()');
    return { locks: Number(row!.locks), mails: Number(row!.mails) };
  }
}
