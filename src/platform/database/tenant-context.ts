import type { QueryResultRow } from 'pg';
import type { Identity } from '../context/identity.js';
import type { Statement } from './statement.js';

/**
 * A way into the database: the statement that runs first in the transaction and signs its tenant context. What the
 * statement returns is handed to `run`. Every entrance is a SECURITY DEFINER function that checks a secret, but for
 * those of the worker, whose role alone may call them.
 */
export interface TenantContext<R extends QueryResultRow = QueryResultRow> {
  statement: Statement;
  readOnly?: boolean;
  /** The identity that the returned row gives to the request context. */
  identity?(row: R): Partial<Identity>;
}

/**
 * With the secret of a session. `readOnly` closes the transaction to writes; `background` does not keep the session from
 * falling idle.
 */
export function enterSession(secret: string, readOnly: boolean, background = false): TenantContext {
  return {
    statement: { text: 'SELECT * FROM app.enter_session($1, $2, $3)', values: [secret, readOnly, background] },
    readOnly,
  };
}

/** With an API key, from an address. `readOnly` closes the transaction to writes. */
export function enterApiKey(key: string, address: string | null, readOnly: boolean): TenantContext {
  return {
    statement: { text: 'SELECT * FROM app.enter_api_key($1, $2, $3)', values: [key, address, readOnly] },
    readOnly,
  };
}

/**
 * With a directory's SCIM token, from an address; `readOnly` lets it change nothing, but the log is written all the
 * same.
 */
export function enterScim(token: string, address: string | null, readOnly: boolean): TenantContext {
  return { statement: { text: 'SELECT * FROM app.enter_scim($1, $2, $3)', values: [token, address, !readOnly] } };
}

/** The worker, into an organization by id. */
export function enterOrganization(orgId: string): TenantContext {
  return {
    statement: { text: 'SELECT app.enter_organization($1)', values: [orgId] },
    identity: () => ({ orgId }),
  };
}

/** The worker, acting with exactly the scope of one member. */
export function enterMember(orgId: string, membershipId: string): TenantContext {
  return { statement: { text: 'SELECT * FROM app.enter_member($1, $2)', values: [orgId, membershipId] } };
}
