import { AsyncLocalStorage } from 'node:async_hooks';
import type { AuditEventType } from '../feature/registry.js';
import type { TenantContext } from '../database/tenant-context.js';
import type { Transaction } from '../database/transaction.js';
import { newId, SYSTEM_ORG_ID } from '../clock/id.js';
import type { Location } from '../geoip/index.js';
import type { Actor, Identity, Member, Origin } from './identity.js';

/** How an authorized request opens further transactions, with its access checked again each time. */
export interface AccessAgain {
  /** Enters again in a transaction that may write, for the audit log of a request that was rolled back. */
  readonly audit: (() => TenantContext) | null;
  /** Runs a function in a transaction and a context of its own. Throws the Problem that access now fails with. */
  readonly run: (<T>(fn: () => Promise<T>) => Promise<T>) | null;
  /** Begins the next transaction of this context after the previous one has ended. */
  readonly begin: (() => Promise<unknown>) | null;
}

/** The identity before a caller is known. */
export const NO_IDENTITY: Identity = { orgId: SYSTEM_ORG_ID, actor: { type: 'anonymous', id: null }, member: null };

/** The fields that a new context may set. */
export type Fields = Partial<Origin & Identity & { emits: Iterable<AuditEventType> }>;

/** Shared by a request and all contexts derived from it. */
interface Work {
  readonly transactions: Set<Transaction>;
  auditEvents: number;
}

/** The state of one request, job, or command; `currentContext()` returns it. */
export class Context implements Readonly<Identity>, Origin {
  readonly requestId: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly location: () => Location | null;
  /** The transaction in progress. The unit of work sets it. */
  transaction: Transaction | null = null;
  private deviceToken: string | null;
  private who: Identity;
  private declared: ReadonlySet<AuditEventType>;
  private reaccess: AccessAgain = { audit: null, run: null, begin: null };

  constructor(
    init: Fields = {},
    readonly work: Work = { transactions: new Set(), auditEvents: 0 },
  ) {
    this.requestId = init.requestId ?? newId();
    this.ip = init.ip ?? null;
    this.userAgent = init.userAgent ?? null;
    this.deviceToken = init.device ?? null;
    this.location = init.location ?? (() => null);
    const { orgId, actor, member } = { ...NO_IDENTITY, ...init };
    this.who = { orgId, actor, member };
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

  get orgId(): string {
    return this.who.orgId;
  }

  get actor(): Actor {
    return this.who.actor;
  }

  get member(): Member | null {
    return this.who.member;
  }

  /** The events that may be recorded here: those that the route, job, or command declares. */
  get emits(): ReadonlySet<AuditEventType> {
    return this.declared;
  }

  /** How the request opens further transactions. */
  get again(): AccessAgain {
    return this.reaccess;
  }

  /** Sets the identity. The unit of work calls it when a transaction begins; nothing else does. */
  identify(identity: Partial<Identity>): void {
    this.who = { ...this.who, ...identity };
  }

  /** Sets the declared events. The access guard calls it once for each request. */
  declare(emits: Iterable<AuditEventType>): void {
    this.declared = new Set(emits);
  }

  /** Sets how to enter again. The access guard and the unit of work call it. */
  allow(again: Partial<AccessAgain>): void {
    this.reaccess = { ...this.reaccess, ...again };
  }

  /** A context of the same request without a transaction, with other fields where they are given. */
  derive(fields: Fields = {}): Context {
    const { requestId, ip, userAgent, device, location, emits } = this;
    return new Context({ requestId, ip, userAgent, device, location, emits, ...this.who, ...fields }, this.work);
  }
}

export type { Actor, Identity, Member, Origin } from './identity.js';

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

/** Runs a function with another identity in the transaction in progress, such as for the log of another organization. */
export function withIdentity<T>(fields: Fields, fn: () => T): T {
  const context = currentContext();
  const derived = context.derive(fields);
  derived.transaction = context.transaction;
  return withContext(derived, fn);
}

/** The signed-in member; throws where the route lets others in. */
export function currentMember(): Member {
  const { member } = currentContext();
  if (member === null) throw new Error('no member: this runs for somebody who is not signed in');
  return member;
}
