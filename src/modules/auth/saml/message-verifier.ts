import { availableParallelism } from 'node:os';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { maybeContext } from '../../../platform/context/context.js';
import { networkOf } from '../../../platform/http/network.js';
import { ThreadError, ThreadPool } from '../../../platform/concurrency/thread-pool.js';
import type { MessageSteps } from './message-steps.js';
import type { StepReply, StepRequest } from './message-thread.js';
import { SamlError, type SamlErrorCode } from './saml-error.js';

type Step = keyof MessageSteps;

/** Runs the steps that parse, decrypt, and verify messages. */
export abstract class MessageVerifier {
  /** Returns the result of a step for a message to a connection. Throws SamlError; see {@link MessageSteps}. */
  abstract run<S extends Step>(
    connectionId: string,
    step: S,
    ...args: Parameters<MessageSteps[S]>
  ): Promise<Awaited<ReturnType<MessageSteps[S]>>>;
}

const MAX_THREADS = 4;
/** A large valid response takes about a tenth of a second on a quiet machine. */
const DEADLINE_MS = 5000;
/** The messages to one connection that wait, and for how long each waits for a thread. */
const MAX_WAITING = 64;
const MAX_WAIT_MS = 10_000;
const MAX_HEAP_MB = 256;

/**
 * Runs the steps in worker threads with a deadline, so that no message delays other requests. A message that passes the
 * deadline or ends its thread is rejected. Connections share the threads fairly, and so do the networks of the senders
 * within a connection, so that a flood on one connection or from one network does not delay the others.
 */
@Injectable()
export class ThreadedVerifier extends MessageVerifier implements OnApplicationShutdown {
  private readonly pool = new ThreadPool({
    entry: new URL(import.meta.resolve('./message-thread.js')),
    threads: Math.max(1, Math.min(MAX_THREADS, availableParallelism() - 1)),
    maxWaiting: MAX_WAITING,
    maxWaitMs: MAX_WAIT_MS,
    whenBusy: () => new SamlError('server_busy'),
    deadlineMs: DEADLINE_MS,
    maxHeapMb: MAX_HEAP_MB,
  });

  async run<S extends Step>(
    connectionId: string,
    step: S,
    ...args: Parameters<MessageSteps[S]>
  ): Promise<Awaited<ReturnType<MessageSteps[S]>>> {
    const caller = { key: connectionId, part: networkOf(maybeContext()?.ip ?? null) };
    const reply = await this.pool.run({ step, args } satisfies StepRequest, caller).catch((error: unknown) => {
      if (!(error instanceof ThreadError)) throw error;
      throw new SamlError(error.reason === 'deadline' ? 'verification_timeout' : 'verification_ended', undefined, {
        cause: error,
      });
    });
    return valueOf(reply as StepReply) as Awaited<ReturnType<MessageSteps[S]>>;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.close();
  }
}

function valueOf(reply: StepReply): unknown {
  if ('value' in reply) return reply.value;
  if ('failed' in reply) throw new Error(reply.failed);
  throw new SamlError(reply.rejected.reason as SamlErrorCode, reply.rejected.detail);
}
