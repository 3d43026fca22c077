import { Injectable } from '@nestjs/common';
import { currentMember } from '../../../platform/context/context.js';
import { normalizeEmail } from '../../../platform/crypto/index.js';
import type { SsoConnectionEntity } from './sso-connection.entity.js';
import { SsoRepository, type TestFacts } from './sso.repository.js';
import { SsoTrace, type TestResult } from './sso-trace.service.js';

/** What an administrator should know about a test before all members must use the connection. */
export type TestWarning =
  | 'email_missing'
  | 'name_missing'
  | 'groups_missing'
  | 'default_role_applied'
  | 'email_domain_unverified'
  | 'own_account_unused'
  | 'own_role_differs';

/** Reports the caller's last test of a connection. */
@Injectable()
export class SsoTestReport {
  constructor(
    private readonly trace: SsoTrace,
    private readonly repository: SsoRepository,
  ) {}

  /** Returns the result with its warnings. Throws `not_found` when the caller has not tested the connection. */
  async lastTest(connectionId: string) {
    const result = await this.trace.lastTest(connectionId);
    const connection = (await this.repository.find(connectionId))!;
    const domain = result.email === null ? null : (normalizeEmail(result.email).split('@')[1] ?? null);
    const facts = await this.repository.testFacts(connectionId, currentMember().membershipId, domain);
    return { ...result, warnings: warningsOf(result, connection, facts) };
  }
}

function warningsOf(
  { email, name, groups, role, rule }: TestResult,
  { groupRoles }: SsoConnectionEntity,
  { used, verified }: TestFacts,
): TestWarning[] {
  const own = currentMember();
  const isOwn = email !== null && normalizeEmail(email) === normalizeEmail(own.email);
  const applies: Record<TestWarning, boolean> = {
    email_missing: email === null,
    name_missing: name === null,
    groups_missing: groupRoles.length > 0 && groups.length === 0,
    default_role_applied: groupRoles.length > 0 && rule?.kind === 'default',
    email_domain_unverified: email !== null && !verified,
    own_account_unused: !used,
    own_role_differs: isOwn && role !== null && role !== own.role,
  };
  return (Object.keys(applies) as TestWarning[]).filter((warning) => applies[warning]);
}
