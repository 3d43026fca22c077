import { Injectable } from '@nestjs/common';
import { newId } from '../../../platform/clock/id.js';
import { currentContext, currentMember } from '../../../platform/context/context.js';
import { DataKeys, type KeyRing } from '../../../platform/keys/data-keys.js';
import { Problem } from '../../../platform/problem/index.js';
import type { RoleRule } from './role-mapping.js';
import type { SsoDiagnostics } from './sso-diagnostics.js';
import { SsoTraceRepository } from './sso-trace.repository.js';
import { SsoRepository } from './sso.repository.js';

const SHOWN = 50;

/** What became of an answer of an identity provider. */
export interface Traced {
  readonly accepted: boolean;
  /** Why it was refused. */
  readonly reason?: string;
  readonly diagnostics?: SsoDiagnostics;
}

/** What a test sign-in showed. For whoever tried alone: it is about them. */
export interface TestResult {
  email: string | null;
  name: string | null;
  groups: readonly string[];
  attributes: readonly { name: string; values: readonly string[] }[];
  role: string | null;
  rule: RoleRule | null;
}

/** The last attempts to sign in through each connection, to see why somebody does not come in. */
@Injectable()
export class SsoTrace {
  constructor(
    private readonly attempts: SsoTraceRepository,
    private readonly connections: SsoRepository,
    private readonly dataKeys: DataKeys,
  ) {}

  /** Writes an attempt down, in the transaction and the log's organization of the moment. */
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

  /** Throws not_found. */
  async list(connectionId: string) {
    await this.assertThere(connectionId);
    const items = (await this.attempts.newest(connectionId, SHOWN)).map((attempt) => ({
      ...attempt,
      test: attempt.testBy !== null,
    }));
    return { items, nextCursor: null };
  }

  /** What the caller saw when they last tried the connection. Throws not_found. */
  async lastTest(connectionId: string) {
    await this.assertThere(connectionId);
    const attempt = await this.attempts.lastTest(connectionId, currentMember().membershipId);
    if (attempt === null) throw new Problem('not_found');
    const ring = await this.dataKeys.ofOrganization();
    const result = JSON.parse(
      ring.forRow('sso_attempts', attempt.id).open('result_enc', attempt.result)!,
    ) as TestResult;
    return { ...result, at: attempt.at, passed: attempt.accepted, reason: attempt.reason };
  }

  private async assertThere(connectionId: string): Promise<void> {
    if ((await this.connections.find(connectionId)) === null) throw new Problem('not_found');
  }
}
