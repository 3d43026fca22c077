import { createHash, randomBytes } from 'node:crypto';
import type { Statement } from './statement.js';
import { canonicalJson } from '../crypto/canonical-json.js';

/** The fields that the hash tree of the organization covers: their canonical JSON is hashed. */
export interface AuditFacts {
  id: string;
  orgId: string;
  occurredAt: string;
  type: string;
  outcome: 'success' | 'denied' | 'failure';
  actorType: string;
  actorId: string | null;
  targetType: string | null;
  targetId: string | null;
  requestId: string;
  /** The API key of the request and the active access grant. */
  apiKeyId: string | null;
  accessGrantId: string | null;
  meta: Readonly<Record<string, unknown>>;
}

/** The personal fields, stored separately so that they can be erased. */
export interface AuditPrivate {
  actorEmail: string | null;
  ip: string | null;
  userAgent: string | null;
}

export interface AuditRow {
  facts: AuditFacts;
  personal: AuditPrivate;
}

const INSERT = `
  WITH event AS (
    INSERT INTO audit_events (org_id, occurred_at, id, type, outcome, actor_type, actor_id, target_type, target_id,
                              request_id, api_key_id, access_grant_id, meta, canonical, private_digest)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
  )
  INSERT INTO audit_private (org_id, occurred_at, event_id, salt, payload) VALUES ($1, $2, $3, $16, $17)`;

/** Returns one INSERT per audit event. The statements are sent together. */
export function auditStatements(rows: readonly AuditRow[]): Statement[] {
  return rows.map(({ facts, personal }) => {
    const salt = randomBytes(16);
    const payload = Buffer.from(canonicalJson(personal));
    const digest = createHash('sha256').update(salt).update(payload).digest();
    return {
      text: INSERT,
      values: [
        facts.orgId,
        facts.occurredAt,
        facts.id,
        facts.type,
        facts.outcome,
        facts.actorType,
        facts.actorId,
        facts.targetType,
        facts.targetId,
        facts.requestId,
        facts.apiKeyId,
        facts.accessGrantId,
        JSON.stringify(facts.meta),
        Buffer.from(canonicalJson(facts)),
        digest,
        salt,
        payload,
      ],
    };
  });
}
