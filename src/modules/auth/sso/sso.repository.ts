import { Injectable } from '@nestjs/common';
import { currentContext } from '../../../platform/context/context.js';
import type { WrappedKey } from '../../../platform/keys/data-keys.js';
import type { TenantContext } from '../../../platform/database/tenant-context.js';
import { columnName, insertInto, selectList, setList, type RowOf } from '../../../platform/database/columns.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { storableJson } from '../../../platform/http/one-line.js';
import { type NewSession, newSessionParam } from '../sessions/index.js';
import type { RoleFacts } from './role-mapping.js';
import { SSO_CONNECTION_COLUMNS, type SsoConnectionEntity, type SsoProtocol } from './sso-connection.entity.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The columns that a sign-in does not read. */
const NOT_FOR_SIGN_IN = ['enabled', 'dbSecretHash', 'createdAt', 'metadataFetchedAt', 'expiryAlert'] as const;

/** The columns of a connection that a sign-in reads. */
export type SignInConnection = Omit<SsoConnectionEntity, (typeof NOT_FOR_SIGN_IN)[number]>;

/** The row that `app.sso_sign_in` returns. */
export interface SsoOutcome {
  state:
    | 'known'
    | 'claimed'
    | 'provisioned'
    | 'linked'
    | 'linked_by_address'
    | 'moved'
    | 'link_expired'
    | 'connection_rejected'
    | 'role_missing'
    | 'email_missing'
    | 'account_exists'
    | 'account_unknown'
    | 'membership_ended'
    | 'last_owner';
  org_id: string;
  user_id: string | null;
  /** The member's membership. If the state is `account_exists`: the membership that an offer of a link is for. */
  membership_id: string | null;
  email: string | null;
  role_before: string | null;
  /**
   * The new role. If the SCIM client manages the member, the client's groups decide the role instead of the groups in
   * the response.
   */
  role_now: string | null;
  expires_at: Date;
  /** Whether the member's name or e-mail address changed to that of the provider. */
  followed: boolean | null;
  [column: string]: unknown;
}

/** The parameters of a sign-in with a verified response. */
export interface SsoSignIn {
  connectionId: string;
  dbSecret: Buffer;
  subjectKey: string;
  email: string | null;
  name: string | null;
  role: string | null;
  ids: { user: string; membership: string };
  /** The id of the session at the provider. */
  idpSession: string | null;
  maxExpiry: Date | null;
  session: NewSession;
  facts: RoleFacts;
  /** The secret of a proven offer of a link. */
  linkSecret: string | null;
}

/** A member who signed in through a connection, with the groups and attributes of the last sign-in. */
export interface IdentifiedMember {
  membershipId: string;
  name: string;
  role: string;
  groups: string[] | null;
  attributes: Record<string, string[]> | null;
  [column: string]: unknown;
}

/** Facts of the organization that a test is compared with. */
export interface TestFacts {
  /** Whether the member has signed in through the connection. */
  readonly used: boolean;
  /** Whether the organization has verified the domain of the received address. */
  readonly verified: boolean;
}

/** A session that an identity provider opened, with the provider's identifiers of the session and its user. */
export interface ProviderSession {
  connectionId: string;
  protocol: SsoProtocol;
  idpSubject: string | null;
  idpSession: string | null;
  /** The encrypted token for a logout at the provider, and the session for which it was encrypted. */
  logoutHint: Buffer | null;
  logoutHintSession: string | null;
  [column: string]: unknown;
}

/** The row that `app.sso_end_sessions` returns. `ended` is null when the connection may not end sessions. */
export interface SsoEnded {
  ended: number | null;
  org_id: string;
  user_id: string | null;
  email: string | null;
  [column: string]: unknown;
}

/** The columns of a new connection. The database has defaults for the other columns. */
export type NewConnection = Partial<SsoConnectionEntity> &
  Pick<SsoConnectionEntity, 'id' | 'name' | 'protocol' | 'dbSecret' | 'dbSecretHash'>;

type FoundRow = SignInConnection & {
  key_versions: number[];
  wrapped: (Buffer | null)[];
  [column: string]: unknown;
};

const COLUMNS = selectList(SSO_CONNECTION_COLUMNS);

const FOUND = Object.keys(SSO_CONNECTION_COLUMNS)
  .filter((property) => !(NOT_FOR_SIGN_IN as readonly string[]).includes(property))
  .map((property) => `(f.found).${columnName(SSO_CONNECTION_COLUMNS, property)} AS "${property}"`)
  .join(', ');

/**
 * Stores the connections of the current organization. A sign-in can also find a connection of any organization by its
 * id.
 */
@Injectable()
export class SsoRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Returns an enabled connection of an active organization, with the wrapped data keys of that organization. Returns
   * null when there is none.
   */
  async findForSignIn(id: string): Promise<{ connection: SignInConnection; keys: WrappedKey[] } | null> {
    if (!UUID.test(id)) return null;
    const [row] = await this.unitOfWork.queryOnce<FoundRow>(
      `SELECT ${FOUND}, f.key_versions, f.wrapped FROM app.find_sso_connection($1) f`,
      [id],
    );
    if (row === undefined) return null;
    const { key_versions: versions, wrapped, ...connection } = row;
    return {
      connection,
      keys: (versions ?? []).map((keyVersion, i) => ({ keyVersion, wrapped: wrapped?.[i] ?? null })),
    };
  }

  /** Returns the mail domains that the connection's organization has verified. */
  async verifiedDomains(id: string): Promise<string[]> {
    const [row] = await this.unitOfWork.queryOnce<{ domains: string[] }>(
      'SELECT app.sso_verified_domains($1) AS domains',
      [id],
    );
    return row!.domains;
  }

  /** Returns the tenant context that opens a session; see `app.sso_sign_in`. */
  signIn(parameters: SsoSignIn): TenantContext {
    const {
      connectionId,
      dbSecret,
      subjectKey,
      email,
      name,
      role,
      ids,
      idpSession,
      maxExpiry,
      session,
      facts,
      linkSecret,
    } = parameters;
    return {
      call: {
        text: `app.sso_sign_in($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, ${newSessionParam(11)}, $12, $13)`,
        values: [
          connectionId,
          dbSecret,
          subjectKey,
          email,
          name,
          role,
          ids.user,
          ids.membership,
          idpSession,
          maxExpiry ?? 'infinity',
          session.parameter,
          storableJson(facts),
          linkSecret,
        ],
      },
    };
  }

  /** Ends an offer of a link. */
  async endLink(secret: string): Promise<void> {
    await this.unitOfWork.queryOnce('SELECT app.end_link($1)', [secret]);
  }

  /** Returns the tenant context that ends sessions at the request of a provider; see `app.sso_end_sessions`. */
  endSessions(
    connectionId: string,
    dbSecret: Buffer,
    subject: string | null,
    idpSessions: readonly string[],
  ): TenantContext {
    return {
      call: {
        text: 'app.sso_end_sessions($1, $2, $3, $4)',
        values: [connectionId, dbSecret, subject, idpSessions],
      },
    };
  }

  /**
   * Returns the tenant context that stores newly read metadata of a SAML connection; see `app.refresh_sso_connection`.
   */
  refreshMetadata(row: SignInConnection, dbSecret: Buffer, changes: Partial<SsoConnectionEntity>): TenantContext {
    const columns = Object.entries(changes).map(([name, value]) => [columnName(SSO_CONNECTION_COLUMNS, name), value]);
    return {
      call: {
        text: 'app.refresh_sso_connection($1, $2, $3, $4, $5)',
        values: [row.id, dbSecret, row.metadataUrl, row.idpCertificates, storableJson(Object.fromEntries(columns))],
      },
    };
  }

  /** Returns the provider's side of a session of the caller. Returns null when no provider opened the session. */
  async providerSession(id: string): Promise<ProviderSession | null> {
    const [row] = await this.unitOfWork.sql<ProviderSession>(
      `SELECT connection_id AS "connectionId", method AS protocol, idp_subject AS "idpSubject",
              idp_session AS "idpSession", logout_hint_enc AS "logoutHint", logout_hint_session AS "logoutHintSession"
         FROM sessions WHERE org_id = app.org_id() AND id = $1 AND revoked_at IS NULL AND connection_id IS NOT NULL`,
      [id],
    );
    return row ?? null;
  }

  /** Ends a session of the caller. */
  async endSession(id: string): Promise<void> {
    await this.unitOfWork.execute(
      'UPDATE sessions SET revoked_at = now() WHERE org_id = app.org_id() AND id = $1 AND revoked_at IS NULL',
      [id],
    );
  }

  /**
   * Returns the tenant context that records a test sign-in in the name of the member who started it; see
   * `app.sso_test_passed`.
   */
  testPassed(connectionId: string, dbSecret: Buffer, membershipId: string): TenantContext {
    return {
      call: {
        text: 'app.sso_test_passed($1, $2, $3)',
        values: [connectionId, dbSecret, membershipId],
      },
    };
  }

  /** Returns the tenant context that can write to the audit log of a connection's organization. */
  log(connectionId: string): TenantContext {
    return {
      call: {
        text: 'app.enter_sso_log($1) AS org_id',
        values: [UUID.test(connectionId) ? connectionId : null],
      },
    };
  }

  /** Returns whether a member has signed in through a connection, and whether the organization verified a domain. */
  async testFacts(connectionId: string, membershipId: string, domain: string | null): Promise<TestFacts> {
    const [row] = await this.unitOfWork.sql<TestFacts & Record<string, unknown>>(
      `SELECT EXISTS (SELECT FROM sso_identities i
         WHERE i.org_id = $1 AND i.connection_id = $2 AND i.membership_id = $3) AS used,
         EXISTS (SELECT FROM sso_domains d
         WHERE d.org_id = $1 AND d.domain = $4 AND d.verified_at IS NOT NULL) AS verified`,
      [currentContext().orgId, connectionId, membershipId, domain],
    );
    return row!;
  }

  list(): Promise<SsoConnectionEntity[]> {
    return this.unitOfWork.sql<RowOf<SsoConnectionEntity>>(
      `SELECT ${COLUMNS} FROM sso_connections WHERE org_id = $1 ORDER BY id`,
      [currentContext().orgId],
    );
  }

  async find(id: string): Promise<SsoConnectionEntity | null> {
    const [row] = await this.unitOfWork.sql<RowOf<SsoConnectionEntity>>(
      `SELECT ${COLUMNS} FROM sso_connections WHERE org_id = $1 AND id = $2`,
      [currentContext().orgId, id],
    );
    return row ?? null;
  }

  async insert(connection: NewConnection): Promise<void> {
    const row = { ...connection, orgId: currentContext().orgId };
    await this.unitOfWork.executeVarying(insertInto('sso_connections', SSO_CONNECTION_COLUMNS, row));
  }

  async update(id: string, changes: Partial<SsoConnectionEntity>): Promise<boolean> {
    const values: unknown[] = [currentContext().orgId, id];
    const set = setList(SSO_CONNECTION_COLUMNS, changes, values);
    const changed = await this.unitOfWork.executeVarying({
      text: `UPDATE sso_connections SET ${set.join(', ')} WHERE org_id = $1 AND id = $2`,
      values,
    });
    return changed === 1;
  }

  async delete(id: string): Promise<boolean> {
    const deleted = await this.unitOfWork.execute('DELETE FROM sso_connections WHERE org_id = $1 AND id = $2', [
      currentContext().orgId,
      id,
    ]);
    return deleted === 1;
  }

  /**
   * Returns the active members who signed in through a connection, if the groups and attributes of their last sign-in
   * are stored.
   */
  identifiedMembers(connectionId: string): Promise<IdentifiedMember[]> {
    return this.unitOfWork.sql<IdentifiedMember>(
      `SELECT m.id AS "membershipId", m.name, m.role, i.facts -> 'groups' AS groups,
         i.facts -> 'attributes' AS attributes
         FROM sso_identities i JOIN memberships m ON m.org_id = i.org_id AND m.id = i.membership_id
           AND m.status = 'active'
        WHERE i.org_id = $1 AND i.connection_id = $2 AND i.facts <> '{}' ORDER BY m.name, m.id`,
      [currentContext().orgId, connectionId],
    );
  }
}
