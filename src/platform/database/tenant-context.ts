import type { QueryResultRow } from 'pg';
import type { Identity } from '../context/identity.js';
import type { FunctionCall } from './statement.js';

/**
 * The first call of a transaction, which signs its tenant context. `run` receives the returned row. Every enter
 * function is SECURITY DEFINER and verifies a secret, except the functions of the worker, which only its role can call.
 */
export interface TenantContext<R extends QueryResultRow = QueryResultRow> {
  call: FunctionCall;
  readOnly?: boolean;
  /** The secret that the caller presented. It identifies the organization before the transaction begins. */
  credential?: string;
  /** Returns the identity that the row sets in the request context. */
  identity?(row: R): Partial<Identity>;
}

/**
 * Enters with the secret of a session. `readOnly` makes the transaction read-only. `background` does not extend the
 * idle timeout of the session.
 */
export function enterSession(secret: string, readOnly: boolean, background = false): TenantContext {
  return {
    call: { text: 'app.enter_session($1, $2, $3)', values: [secret, readOnly, background] },
    credential: secret,
    readOnly,
  };
}

/** Enters with an API key from an IP. `readOnly` makes the transaction read-only. */
export function enterApiKey(key: string, ip: string | null, readOnly: boolean): TenantContext {
  return {
    call: { text: 'app.enter_api_key($1, $2, $3)', values: [key, ip, readOnly] },
    credential: key,
    readOnly,
  };
}

/** Enters with a SCIM token from an IP. `readOnly` prevents changes except writes to the audit log. */
export function enterScim(token: string, ip: string | null, readOnly: boolean): TenantContext {
  return { call: { text: 'app.enter_scim($1, $2, $3)', values: [token, ip, !readOnly] }, credential: token };
}

/** Enters an organization by id as the worker. */
export function enterOrganization(orgId: string): TenantContext {
  return {
    call: { text: 'app.enter_organization($1)', values: [orgId] },
    identity: () => ({ orgId }),
  };
}

/** Enters with exactly the scope of one member as the worker. */
export function enterMember(orgId: string, membershipId: string): TenantContext {
  return { call: { text: 'app.enter_member($1, $2)', values: [orgId, membershipId] } };
}
