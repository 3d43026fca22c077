import { AsyncLocalStorage } from 'node:async_hooks';
import type { AuditEventType } from '../feature/registry.js';
import type { TenantContext } from '../database/tenant-context.js';
import type { Transaction } from '../database/transaction.js';
import { newId, SYSTEM_ORG_ID } from '../clock/id.js';
import type { Location } from '../geoip/index.js';
import type { Actor, Identity, Member, Origin } from './identity.js';

/** How an authorized request opens further transactions. Each transaction checks access again. */
export interface AccessAgain {
  /** Returns the tenant context for a writable transaction, for the audit log of a request that was rolled back. */
  readonly audit: (() => TenantContext) | null;
  /** Runs a function in a new transaction and a new context. Throws a Problem when access is now denied. */
  readonly run: (<T>(fn: () => Promise<T>) => Promise<T>) | null;
  /** Begins the next transaction of this context after the previous one has ended. */
  readonly begin: (() => Promise<unknown>) | null;
}

/** The identity before a caller is known. */
export const NO_IDENTITY: Identity = { orgId: SYSTEM_ORG_ID, actor: { type: 'anonymous', id: null }, member: null };

/** The fields that a new context can set. */
export type Fields = Partial<Origin & Identity & { emits: Iterable<AuditEventType> }>;

/** Shared by a request and all contexts derived from it. */
interface Work {
  readonly transactions: Set<Transaction>;
  auditEvents: number;
  /** The user whom the database last accepted in this request. */
  userId: string | null;
  /** Takes the request back from its rate limit; null when no limit counts the request. */
  uncount: (() => Promise<void>) | null;
}

/** The state of one request, job, or command; `currentContext()` returns it. */
export class Context implements Readonly<Identity>, Origin {
  readonly requestId: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly location: () => Location | null;
  /** The transaction in progress. The unit of work sets it. */
  transaction: Transaction | null = null;
  readonly browserUser: string | null;
  private deviceToken: string | null;
  private identity: Identity;
  private declared: ReadonlySet<AuditEventType>;
  private reaccess: AccessAgain = { audit: null, run: null, begin: null };

  constructor(
    init: Fields = {},
    readonly work: Work = { transactions: new Set(), auditEvents: 0, userId: null, uncount: null },
  ) {
    this.requestId = init.requestId ?? newId();
    this.ip = init.ip ?? null;
    this.userAgent = init.userAgent ?? null;
    this.deviceToken = init.device ?? null;
    this.browserUser = init.browserUser ?? null;
    this.location = init.location ?? (() => null);
    const { orgId, actor, member } = { ...NO_IDENTITY, ...init };
    this.identity = { orgId, actor, member };
    this.declared = new Set(init.emits);
  }

  get device(): string | null {
    return this.deviceToken;
  }

  /** Returns the device token; creates one for a browser that has none. `SessionCookies` sends it. */
  ensureDevice(create: () => string): string {
    this.deviceToken ??= create();
    return this.deviceToken;
  }

  /** The user whom the database last accepted in this request, in any of its transactions. */
  get acceptedUser(): string | null {
    return this.work.userId;
  }

  get orgId(): string {
    return this.identity.orgId;
  }

  get actor(): Actor {
    return this.identity.actor;
  }

  get member(): Member | null {
    return this.identity.member;
  }

  /** The events that may be recorded here: those that the route, job, or command declares. */
  get emits(): ReadonlySet<AuditEventType> {
    return this.declared;
  }

  /** How the request opens further transactions. */
  get again(): AccessAgain {
    return this.reaccess;
  }

  /**
   * Takes the request back from a rate limit that counts failures. A service calls it when it has accepted a password,
   * a code, a token, or a provider's answer. A fault of the server calls it too. Later calls have no effect.
   */
  async uncount(): Promise<void> {
    const { uncount } = this.work;
    this.work.uncount = null;
    await uncount?.();
  }

  /** Sets the identity. The unit of work calls it when a transaction begins; nothing else does. */
  identify(identity: Partial<Identity>): void {
    this.identity = { ...this.identity, ...identity };
    if (identity.actor?.type === 'user') this.work.userId = identity.actor.id;
  }

  /** Sets the declared events. The access guard calls it once for each request. */
  declare(emits: Iterable<AuditEventType>): void {
    this.declared = new Set(emits);
  }

  /** Sets how to enter again. The access guard and the unit of work call it. */
  allow(again: Partial<AccessAgain>): void {
    this.reaccess = { ...this.reaccess, ...again };
  }

  /** Returns a context of the same request without a transaction and with the given fields replaced. */
  derive(fields: Fields = {}): Context {
    const { requestId, ip, userAgent, device, browserUser, location, emits } = this;
    return new Context(
      { requestId, ip, userAgent, device, browserUser, location, emits, ...this.identity, ...fields },
      this.work,
    );
  }
}

export type { Actor, Identity, Member, Origin } from './identity.js';

const storage = new AsyncLocalStorage<Context>();

/** Runs a function and everything that it starts within a context. */
export function withContext<T>(context: Context, fn: () => T): T {
  return storage.run(context, fn);
}

/** Returns the current context; throws outside a context. */
export function currentContext(): Context {
  const context = storage.getStore();
  if (context === undefined) throw new Error('no context: this runs outside any request, job, or command');
  return context;
}

/** Returns the current context, or undefined. */
export function maybeContext(): Context | undefined {
  return storage.getStore();
}

/**
 * Runs a function with another identity in the current transaction, for example for the audit log of another
 * organization.
 */
export function withIdentity<T>(fields: Fields, fn: () => T): T {
  const context = currentContext();
  const derived = context.derive(fields);
  derived.transaction = context.transaction;
  return withContext(derived, fn);
}

/** Returns the signed-in member; throws when the caller is not signed in. */
export function currentMember(): Member {
  const { member } = currentContext();
  if (member === null) throw new Error('no member: the caller is not signed in');
  return member;
}
