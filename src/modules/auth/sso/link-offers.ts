import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { Request, Response } from 'express';
import { AppConfig } from '../../../platform/config/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { RedisConnections } from '../../../platform/redis/index.js';
import { browserSecret } from '../sessions/index.js';
import { SsoConnectionFinder, type FoundConnection } from './found-connection.js';
import { answerOf, keyOf, SIGN_IN_MS } from './request-store.js';
import { roleOf } from './role-mapping.js';
import { asProblems } from './sso-problem.js';
import { SsoRepository, type SignInConnection } from './sso.repository.js';
import type { VerifiedIdentity } from './verified-identity.js';

/** The three values that identify an offer. All three must match. */
export interface LinkTicket {
  readonly connectionId: string;
  /** The secret of the offer in the database. */
  readonly secret: string;
  /** The random cookie of the browser that sent the sign-in request. */
  readonly browser: string;
}

/** A UUID and 32 random bytes in base64url. */
const TICKET = /^([0-9a-f-]{36})\.([\w-]{43})$/;

/** The settings of a connection that decide whose answers are accepted, and what an answer says about a user. */
const DECIDING = [
  'protocol',
  'idpEntityId',
  'idpCertificates',
  'idpScopes',
  'metadataUrl',
  'oidcIssuer',
  'oidcClientId',
  'oidcTenants',
  'subject',
  'emailAttribute',
  'groupAttribute',
] as const satisfies readonly (keyof SignInConnection)[];

/**
 * What is stored of a verified answer. The claims are a list of entries. `settings` is a digest of the connection's
 * settings that decided about the answer.
 */
type StoredAnswer = Omit<VerifiedIdentity, 'connection' | 'browser'> & {
  claims: [string, readonly string[]][];
  settings: string;
};

/**
 * Offers to link a verified answer to a member who exists. Redis stores the answer for ten minutes, encrypted with the
 * key of the organization. Only the browser that received the answer can use it, once, and for the same connection. The
 * database stores whose account must be proven.
 */
@Injectable()
export class LinkOffers {
  constructor(
    private readonly redis: RedisConnections,
    private readonly connections: SsoConnectionFinder,
    private readonly repository: SsoRepository,
    private readonly app: AppConfig,
  ) {}

  /** Stores an answer. Returns the problem `sso_account_exists`, which sets the cookie of the offer. */
  async store(verified: VerifiedIdentity, browser: string, secret: string): Promise<Problem> {
    const { connection, identity, browser: _, ...rest } = verified;
    const answer: StoredAnswer = {
      ...rest,
      identity: { ...identity, claims: undefined },
      claims: [...(identity.claims ?? [])],
      settings: settingsOf(connection),
    };
    const sealed = (await cipherOf(connection, secret)).seal('answer', JSON.stringify(answer))!;
    const key = keyOf('link', connection.id, secret, browser);
    await asProblems(() => answerOf(this.redis.shared.set(key, sealed.toString('base64'), 'PX', SIGN_IN_MS, 'NX')));
    return new Problem('sso_account_exists', {
      extensions: { linkUrl: '/v1/auth/sso-link' },
      headers: { 'Set-Cookie': this.cookie(`${connection.id}.${secret}`, SIGN_IN_MS / 1000) },
    });
  }

  /** Returns the ticket of the browser. Throws `sign_in_expired` when the browser has none. */
  ticket({ headers }: Request): LinkTicket {
    const found = TICKET.exec(parseCookie(headers.cookie ?? '')[this.cookieName] ?? '');
    const browser = browserSecret(headers.cookie, this.app.publicUrl);
    if (found === null || browser === undefined) throw new Problem('sign_in_expired');
    return { connectionId: found[1]!, secret: found[2]!, browser };
  }

  /**
   * Returns the answer of a ticket, with the role by the present mapping of the connection. Throws `sign_in_expired`
   * when the answer has expired or belongs to another browser, or when the connection now has other provider settings.
   */
  read(ticket: LinkTicket): Promise<VerifiedIdentity> {
    return this.answer(ticket, (key) => this.redis.shared.get(key));
  }

  /** Removes and returns the answer of a ticket. Throws `sign_in_expired`. */
  consume(ticket: LinkTicket): Promise<VerifiedIdentity> {
    return this.answer(ticket, (key) => this.redis.shared.getdel(key));
  }

  /**
   * Ends the offer of this browser, if it has one, and removes the ticket. Without this, the next user of a shared
   * computer could confirm the link.
   */
  async end({ headers }: Request, response: Response): Promise<void> {
    const value = parseCookie(headers.cookie ?? '')[this.cookieName];
    if (value === undefined) return;
    response.append('Set-Cookie', this.clearing());
    const [, connectionId, secret] = TICKET.exec(value) ?? [];
    if (connectionId === undefined || secret === undefined) return;
    await this.repository.endLink(secret);
    const browser = browserSecret(headers.cookie, this.app.publicUrl);
    if (browser === undefined) return;
    // The row has ended. If Redis fails, an answer of an ended offer remains for at most ten minutes.
    await answerOf(this.redis.shared.del(keyOf('link', connectionId, secret, browser))).catch(() => undefined);
  }

  /** Returns the `Set-Cookie` value that removes the ticket from the browser. */
  clearing(): string {
    return this.cookie('', 0);
  }

  private async answer(
    { connectionId, secret, browser }: LinkTicket,
    find: (key: string) => Promise<string | null>,
  ): Promise<VerifiedIdentity> {
    const sealed = await asProblems(() => answerOf(find(keyOf('link', connectionId, secret, browser))));
    const connection = sealed === null ? undefined : await this.connections.findAny(connectionId);
    if (sealed === null || connection === undefined) throw new Problem('sign_in_expired');
    const text = (await cipherOf(connection, secret)).open('answer', Buffer.from(sealed, 'base64'))!;
    const { claims: entries, identity, settings, ...rest } = JSON.parse(text) as StoredAnswer;
    if (settings !== settingsOf(connection)) throw new Problem('sign_in_expired');
    const claims = new Map(entries);
    const role = roleOf(connection.row, identity.groups, claims);
    return { ...rest, identity: { ...identity, claims, role }, connection, browser };
  }

  private get cookieName(): string {
    return `${this.app.cookieName}-sso-link`;
  }

  private cookie(value: string, maxAge: number): string {
    return stringifySetCookie({
      name: this.cookieName,
      value,
      httpOnly: true,
      sameSite: 'lax',
      secure: this.app.secure,
      path: '/',
      maxAge,
    });
  }
}

/** Returns a digest of the settings of a connection that decide about an answer. */
function settingsOf({ row }: FoundConnection): string {
  const values = DECIDING.map((name) => row[name]);
  return createHash('sha256').update(JSON.stringify(values)).digest('base64url');
}

async function cipherOf(connection: FoundConnection, secret: string) {
  return (await connection.keys()).forRow('link', keyOf('link', secret), connection.orgId);
}
