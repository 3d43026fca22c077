import { AsyncLocalStorage } from 'node:async_hooks';
import type { AuditEventType } from '../feature/registry.js';
import type { Entrance } from '../database/entrances.js';
import type { Transaction } from '../database/transaction.js';
import { newId, INSTALLATION } from '../clock/id.js';
import type { Whereabouts } from '../places/index.js';

/** Who acts: a signed-in user, a job of ours, a webhook source, or nobody known yet. */
export interface Actor {
  type: 'user' | 'system' | 'source' | 'anonymous';
  id: string | null;
  email?: string;
  name?: string;
}

/** The member behind a request, as the database described it when the session was entered. */
export interface Member {
  sessionId: string | null;
  userId: string;
  email: string;
  name: string;
  orgId: string;
  orgName: string;
  membershipId: string;
  personId: string | null;
  preset: string;
  role: string;
  /** Whether the role is one of record subjects, who are shown less than staff. */
  portal: boolean;
  grants: ReadonlyMap<string, string>;
  /** The time-boxed access grant in force, if there is one. */
  accessGrantId: string | null;
  /** The API key that the request came with; null for a member in person. */
  apiKeyId: string | null;
}

/**
 * Runs a function as the caller of a request, in a transaction and a context of its own; throws the Problem that now
 * stands in the way.
 */
export type Reenter = <T>(fn: () => Promise<T>) => Promise<T>;

/** What is known of the request, job or command under way. One object each, found through `currentContext()`. */
export class Context {
  requestId: string;
  orgId: string = INSTALLATION;
  actor: Actor = { type: 'anonymous', id: null };
  member: Member | null = null;
  /**
   * Enters once more as whoever was admitted, for what has to be written after the request's transaction was undone.
   */
  enterAgain: (() => Entrance) | null = null;
  ip: string | null = null;
  userAgent: string | null = null;
  /** The token of the browser's device cookie; null where it brought none. */
  device: string | null = null;
  /** Where the address is, as far as a database on this machine tells; looked up when asked for. */
  place: () => Whereabouts | null = () => null;
  /** The transaction under way. */
  transaction: Transaction | null = null;
  /** The events that may be recorded here: those the route, job or command declares. */
  emits: ReadonlySet<AuditEventType> = new Set();
  /**
   * The way back in for a request that goes on after its transaction, such as a stream; null where nobody was admitted.
   */
  reenter: Reenter | null = null;
  /**
   * Begins another transaction as whoever this is, checked anew, once the one before has ended; null where that cannot
   * be.
   */
  beginAgain: (() => Promise<unknown>) | null = null;

  constructor(requestId: string = newId()) {
    this.requestId = requestId;
  }
}

const storage = new AsyncLocalStorage<Context>();

/** Runs a function, and all it starts, within a context. */
export function withContext<T>(context: Context, fn: () => T): T {
  return storage.run(context, fn);
}

/** The context under way; throws outside one. */
export function currentContext(): Context {
  const context = storage.getStore();
  if (context === undefined) throw new Error('no context: this runs outside any request, job or command');
  return context;
}

/** The context under way, or undefined. */
export function maybeContext(): Context | undefined {
  return storage.getStore();
}

/** The signed-in member; throws where the route lets others in. */
export function currentMember(): Member {
  const { member } = currentContext();
  if (member === null) throw new Error('no member: this runs for somebody who is not signed in');
  return member;
}
