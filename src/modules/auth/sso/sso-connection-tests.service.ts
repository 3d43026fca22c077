import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { AppConfig } from '../../../platform/config/index.js';
import { currentContext, currentMember, type Identity } from '../../../platform/context/context.js';
import type { TenantContext } from '../../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import { ruleOf } from './role-mapping.js';
import { SsoProtocols, type SsoLoginRedirect } from './sso-protocols.js';
import type { SsoIdentity, VerifiedIdentity } from './verified-identity.js';
import { SsoTrace, type TestResult } from './sso-trace.service.js';
import { SsoRepository } from './sso.repository.js';

/** The row that `app.sso_test_passed` returns. `app.enter_sso_log` returns only the organization id. */
interface Passed {
  passed?: boolean;
  org_id: string;
  user_id?: string | null;
  [column: string]: unknown;
}

/**
 * Tests a connection with a real sign-in that opens no session. A test works only in the browser of the member who
 * started it.
 */
@Injectable()
export class SsoConnectionTests {
  constructor(
    private readonly repository: SsoRepository,
    private readonly protocols: SsoProtocols,
    private readonly trace: SsoTrace,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly app: AppConfig,
  ) {}

  /**
   * Starts a test and returns the URL that the caller's browser must open. Throws `not_found` when there is no such
   * connection. Throws `sso_connection_disabled` when the connection is disabled. Throws `sso_connection_draft` when
   * the provider's data is missing.
   */
  async begin(connectionId: string, cookieHeader: string | undefined): Promise<SsoLoginRedirect> {
    const connection = await this.repository.find(connectionId);
    if (connection === null) throw new Problem('not_found');
    if (!connection.enabled) throw new Problem('sso_connection_disabled');
    if (connection.status === 'draft') throw new Problem('sso_connection_draft');
    const intent = { testBy: currentMember().membershipId };
    const redirect = await this.unitOfWork.withoutTransaction(() =>
      this.protocols.get(connection.protocol).startLogin(connectionId, { cookieHeader, intent }),
    );
    this.audit.record('sso.test_started', { target: { type: 'sso-connection', id: connectionId } });
    return redirect;
  }

  /** Returns the URL of the page that starts a test and shows its result. */
  pageUrl(connectionId: string): string {
    return this.app.origin + pagePath(connectionId);
  }

  /**
   * Records the result of a test and returns the path of its page. A test passes if the sign-in would have opened a
   * session.
   */
  async finish(verified: VerifiedIdentity): Promise<string> {
    await currentContext().uncount();
    const { connection, identity, diagnostics } = verified;
    const connectionId = connection.id;
    const by = verified.intent!.testBy!;
    const secret = await connection.dbSecret();
    const test = { by, ring: await connection.keys(), result: resultOf(verified) };
    const fault = faultOf(identity);
    const context =
      fault === undefined ? this.repository.testPassed(connectionId, secret, by) : this.repository.log(connectionId);
    const entered: TenantContext<Passed> = { ...context, identity: identityOf };
    await this.unitOfWork.run(entered, async ({ passed }) => {
      const accepted = passed === true;
      const reason = accepted ? undefined : (fault ?? 'connection_rejected');
      this.audit.record('sso.connection_tested', {
        outcome: accepted ? 'success' : 'failure',
        target: { type: 'sso-connection', id: connectionId },
        meta: { reason },
      });
      await this.trace.record(connectionId, { accepted, reason, diagnostics }, test);
    });
    return pagePath(connectionId);
  }
}

/** Returns the path of the page that starts a test and shows its result. */
function pagePath(connectionId: string): string {
  return `/sso-test/${connectionId}`;
}

/** Returns the identity for the audit log. The user is known only after a successful test. */
function identityOf({ passed, org_id: orgId, user_id: id = null }: Passed): Partial<Identity> {
  return { orgId, actor: { type: passed === true ? 'user' : 'anonymous', id } };
}

/** Returns the reason for which the first sign-in of this user would be rejected; undefined when there is none. */
function faultOf({ role, emailUnverified }: SsoIdentity): string | undefined {
  if (role === undefined) return 'role_missing';
  return emailUnverified === true ? 'email_unverified' : undefined;
}

function resultOf({ connection, identity }: VerifiedIdentity): TestResult {
  const { email = null, displayName = null, groups, claims = new Map<string, readonly string[]>() } = identity;
  const rule = ruleOf(connection.row, groups, claims) ?? null;
  return {
    email,
    name: displayName,
    groups,
    attributes: [...claims].map(([name, values]) => ({ name, values })),
    role: rule?.role ?? null,
    rule,
  };
}
