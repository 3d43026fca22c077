import { Injectable } from '@nestjs/common';
import { hashToken } from '../../../platform/crypto/index.js';
import type { TenantContext } from '../../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type NewSession, newSessionParam } from '../sessions/index.js';
import { hex, presentedFactorParam, presentedFactorValue, type PresentedFactor } from './presented-factor.js';
import type { SealedFactor } from './user-key.js';

/** A stored passkey, with the values that verify its assertions. */
export interface StoredPasskey {
  id: string;
  user_id: string;
  public_key: Buffer;
  /** The signature counter: a bigint as text. */
  counter: string;
  sealed: Buffer;
  wrapped: Buffer;
  [column: string]: unknown;
}

export interface NewPasskey extends SealedFactor {
  id: string;
  name: string;
  credentialId: Buffer;
  publicKey: Buffer;
  counter: number;
  transports: string[];
  backedUp: boolean;
}

export interface PasskeyRow {
  id: string;
  name: string;
  backedUp: boolean;
  createdAt: Date;
  lastUsedAt: Date | null;
  [column: string]: unknown;
}

/** The result of `app.passkey_sign_in`. */
export interface PasskeyOutcome {
  state: 'ok' | 'refused' | 'counter' | 'not_allowed';
  user_id: string | null;
  email: string | null;
  org_id: string;
  expires_at: Date;
  [column: string]: unknown;
}

@Injectable()
export class PasskeysRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async find(credentialId: Buffer): Promise<StoredPasskey | null> {
    const [row] = await this.unitOfWork.queryOnce<StoredPasskey>('SELECT * FROM app.find_passkey($1)', [credentialId]);
    return row ?? null;
  }

  /**
   * Stores a passkey and rotates the session's secret. Returns the expiry of the session. Throws
   * `passkey_already_enrolled` when the passkey is stored already. Throws `passkey_limit_reached` when the user has ten
   * passkeys.
   */
  async add(secret: string, newSecret: string, passkey: NewPasskey): Promise<Date> {
    const { id, name, credentialId, publicKey, counter, transports, backedUp, sealed, proofHash } = passkey;
    const columns = {
      name,
      credential_id: hex(credentialId),
      public_key: hex(publicKey),
      counter,
      transports,
      backed_up: backedUp,
      sealed: hex(sealed),
      proof_hash: hex(proofHash),
    };
    const [row] = await this.unitOfWork.sql<{ expiresAt: Date }>(
      'SELECT app.add_passkey($1, $2, $3, $4) AS "expiresAt"',
      [secret, hashToken(newSecret), id, JSON.stringify(columns)],
    );
    return row!.expiresAt;
  }

  own(): Promise<PasskeyRow[]> {
    return this.unitOfWork.sql(
      `SELECT id, name, backed_up AS "backedUp", created_at AS "createdAt", last_used_at AS "lastUsedAt"
         FROM app.own_passkeys()`,
    );
  }

  async rename(id: string, name: string): Promise<boolean> {
    const [row] = await this.unitOfWork.sql<{ renamed: boolean }>('SELECT app.rename_passkey($1, $2) AS renamed', [
      id,
      name,
    ]);
    return row!.renamed;
  }

  async delete(secret: string, id: string): Promise<boolean> {
    const [row] = await this.unitOfWork.sql<{ deleted: boolean }>('SELECT app.delete_passkey($1, $2) AS deleted', [
      secret,
      id,
    ]);
    return row!.deleted;
  }

  signIn(factor: PresentedFactor, session: NewSession): TenantContext<PasskeyOutcome> {
    return {
      call: {
        text: `app.passkey_sign_in(${presentedFactorParam(1)}, ${newSessionParam(2)})`,
        values: [presentedFactorValue(factor), session.parameter],
      },
      identity: ({ org_id: orgId, state, user_id: id, email }) => ({
        orgId,
        actor: { type: state === 'ok' ? 'user' : 'anonymous', id, email: email ?? undefined },
      }),
    };
  }
}
