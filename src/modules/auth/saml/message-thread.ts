import { parentPort } from 'node:worker_threads';
import { SsoError } from '../sso-messages/index.js';
import { runStep, type MessageSteps } from './message-steps.js';

/** One step with its arguments. */
export interface StepRequest {
  readonly step: keyof MessageSteps;
  readonly args: readonly unknown[];
}

/** The result of a step, the reason of a rejection, or the message of an unexpected error. */
export type StepReply =
  | { readonly value: unknown }
  | { readonly rejected: { readonly reason: string; readonly detail?: string } }
  | { readonly failed: string };

async function answer({ step, args }: StepRequest): Promise<StepReply> {
  try {
    return { value: await runStep(step, args) };
  } catch (error) {
    if (error instanceof SsoError) return { rejected: { reason: error.reason, detail: error.detail } };
    return { failed: String(error instanceof Error ? error.stack : error) };
  }
}

/** The entry of the worker threads that verify messages; see `MessageVerifier`. */
parentPort?.on('message', (request: StepRequest) => {
  void answer(request).then((reply) => parentPort?.postMessage(reply));
});
parentPort?.postMessage('ready');
