import { Injectable } from '@nestjs/common';
import { newId } from '../../../platform/clock/id.js';
import { currentContext, currentMember } from '../../../platform/context/context.js';
import { DataKeys, type KeyRing } from '../../../platform/keys/data-keys.js';
import { Problem } from '../../../platform/problem/index.js';
import { adviceFor } from './reason-advice.js';
import type { RoleRule } from './role-mapping.js';
import type { SsoDiagnostics } from '../sso-messages/index.js';
import { SsoTraceRepository } from './sso-trace.repository.js';
import { SsoRepository } from './sso.repository.js';

const MAX_ATTEMPTS = 50;

/** The outcome of a response from an identity provider. */
export interface Traced {
  readonly accepted: boolean;
  /** The reason code of a rejected response. */
  readonly reason?: string;
  readonly diagnostics?: SsoDiagnostics;
}

/** The result of a test sign-in. It describes the member who ran the test, so only that member can read it. */
export interface TestResult {
  email: string | null;
  name: string | null;
  groups: readonly string[];
  attributes: readonly { name: string; values: readonly string[] }[];
  role: string | null;
  rule: RoleRule | null;
}

/** Stores the last sign-in attempts of each connection, so that a member can see why a sign-in failed. */
@Injectable()
export class SsoTrace {
  constructor(
    private readonly attempts: SsoTraceRepository,
    private readonly connections: SsoRepository,
    private readonly dataKeys: DataKeys,
  ) {}

  /** Stores an attempt in the current transaction. */
  async record(
    connectionId: string,
    { accepted, reason, diagnostics }: Traced,
    test?: { by: string; result: TestResult; ring: KeyRing },
  ): Promise<void> {
    const id = newId();
    const result =
      test === undefined ? null : test.ring.forRow('sso_attempts', id).seal('result_enc', JSON.stringify(test.result));
    await this.attempts.insert(
      connectionId,
      {
        id,
        accepted,
        reason,
        issuer: diagnostics?.issuer,
        name_id_format: diagnostics?.nameIdFormat,
        attributes: diagnostics?.attributes ?? [],
        request_id: currentContext().requestId,
        diagnostics: diagnostics?.text,
        test_by: test?.by,
      },
      result,
    );
  }

  /** Returns the last attempts of a connection. Throws `not_found` when there is no such connection. */
  async list(connectionId: string) {
    await this.assertExists(connectionId);
    const items = (await this.attempts.newest(connectionId, MAX_ATTEMPTS)).map((attempt) => ({
      ...attempt,
      advice: adviceFor(attempt.reason),
      test: attempt.testBy !== null,
    }));
    return { items, nextCursor: null };
  }

  /**
   * Returns the result of the caller's last test of the connection. Throws `not_found` when there is no such result.
   */
  async lastTest(connectionId: string) {
    await this.assertExists(connectionId);
    const attempt = await this.attempts.lastTest(connectionId, currentMember().membershipId);
    if (attempt === null) throw new Problem('not_found');
    const ring = await this.dataKeys.ofOrganization();
    const result = JSON.parse(
      ring.forRow('sso_attempts', attempt.id).open('result_enc', attempt.result)!,
    ) as TestResult;
    const { at, accepted: passed, reason } = attempt;
    return { ...result, at, passed, reason, advice: adviceFor(reason) };
  }

  private async assertExists(connectionId: string): Promise<void> {
    if ((await this.connections.find(connectionId)) === null) throw new Problem('not_found');
  }
}
