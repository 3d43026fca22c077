import type { SsoDiagnostics } from '../sso-messages/index.js';
import type { VerifiedAssertion } from './assertion-checks.js';
import { verifyByLibrary } from './library-verification.js';
import { readLogoutMessage } from './logout-message.js';
import { checkMessage, outlineOf, type ReceivedResponse } from './response-verification.js';
import { diagnosticsOf, diagnosticsOfForm } from './saml-diagnostics.js';

/** The content of a response that both verifiers accepted. */
export interface VerifiedContent {
  readonly assertion: VerifiedAssertion;
  /** The part that administrators may see. */
  readonly diagnostics: SsoDiagnostics;
}

/** Verifies a response by the application's own checks, and then by the library. Both must read the same assertion. */
async function verifyResponse(received: ReceivedResponse): Promise<VerifiedContent> {
  const checked = checkMessage(received);
  await verifyByLibrary(checked);
  return { assertion: checked.assertion, diagnostics: diagnosticsOf(checked.signedXml, received.settings) };
}

/**
 * The steps that parse, decrypt, and verify a message. They run in a worker thread, because a hostile message can keep
 * them busy. Arguments and results are plain data. Each throws SamlError.
 */
const MESSAGE_STEPS = {
  outline: outlineOf,
  response: verifyResponse,
  logout: readLogoutMessage,
  diagnostics: diagnosticsOfForm,
};

export type MessageSteps = typeof MESSAGE_STEPS;

/** Runs a step with its arguments; see {@link MESSAGE_STEPS}. The caller knows the types. */
export function runStep(step: keyof MessageSteps, args: readonly unknown[]): unknown {
  const call: (...given: never[]) => unknown = MESSAGE_STEPS[step];
  return call(...(args as never[]));
}
