import { Injectable } from '@nestjs/common';
import { currentContext } from '../../../platform/context/context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { storableJson } from '../../../platform/http/one-line.js';

/** A stored attempt to sign in. */
export interface AttemptRow {
  id: string;
  at: Date;
  accepted: boolean;
  reason: string | null;
  issuer: string | null;
  nameIdFormat: string | null;
  attributes: string[];
  requestId: string;
  diagnostics: string | null;
  testBy: string | null;
  result: Buffer | null;
  [column: string]: unknown;
}

/** The JSON parameter of `app.trace_sso_attempt`. */
export interface NewAttempt {
  id: string;
  accepted: boolean;
  reason?: string;
  issuer?: string;
  name_id_format?: string;
  attributes: readonly string[];
  request_id: string;
  diagnostics?: string;
  test_by?: string;
}

const COLUMNS = `id, at, accepted, reason, issuer, name_id_format AS "nameIdFormat", attributes,
  request_id AS "requestId", diagnostics, test_by AS "testBy", result_enc AS result`;

/** Stores attempts to sign in through connections. */
@Injectable()
export class SsoTraceRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Stores an attempt. The tenant context must be able to write to the audit log of the connection's organization. */
  async insert(connectionId: string, attempt: NewAttempt, result: Buffer | null): Promise<void> {
    await this.unitOfWork.sql('SELECT app.trace_sso_attempt($1, $2, $3)', [
      connectionId,
      storableJson(attempt),
      result,
    ]);
  }

  /** Returns the last attempts, newest first. */
  newest(connectionId: string, count: number): Promise<AttemptRow[]> {
    return this.unitOfWork.sql<AttemptRow>(
      `SELECT ${COLUMNS} FROM sso_attempts WHERE org_id = $1 AND connection_id = $2 ORDER BY at DESC, id DESC LIMIT $3`,
      [currentContext().orgId, connectionId, count],
    );
  }

  /** Returns a member's last test of the connection. Returns null when the member has not tested it. */
  async lastTest(connectionId: string, membershipId: string): Promise<AttemptRow | null> {
    const [row] = await this.unitOfWork.sql<AttemptRow>(
      `SELECT ${COLUMNS} FROM sso_attempts WHERE org_id = $1 AND connection_id = $2 AND test_by = $3
         ORDER BY at DESC, id DESC LIMIT 1`,
      [currentContext().orgId, connectionId, membershipId],
    );
    return row ?? null;
  }
}
