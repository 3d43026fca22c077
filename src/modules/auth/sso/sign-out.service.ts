import { Injectable, Logger } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { currentMember, withIdentity } from '../../../platform/context/context.js';
import { enterSession } from '../../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import { SessionsService } from '../sessions/index.js';
import { SignedOutMark } from './signed-out-mark.js';
import { SsoProtocols, type SsoLogoutRedirect } from './sso-protocols.js';
import { SsoRepository, type ProviderSession } from './sso.repository.js';

/** The page on which every logout ends. */
export const SIGNED_OUT_PAGE = '/signed-out';

/** Where the browser continues after a sign-out, and the cookies to set. */
export interface SignedOut {
  readonly url: string;
  readonly setCookies: readonly string[];
}

/** The row of `app.enter_session`, as far as a sign-out reads it. */
interface EnteredSession {
  state: string;
  session_id: string;
  org_id: string;
  user_id: string;
  email: string;
  [column: string]: unknown;
}

/**
 * Signs users out. If an identity provider opened the session, the browser continues at the provider's logout. Without
 * such a logout, the signed-out page states that the session at the provider still exists.
 */
@Injectable()
export class SignOutService {
  private readonly log = new Logger('SSO');

  constructor(
    private readonly sessions: SessionsService,
    private readonly repository: SsoRepository,
    private readonly protocols: SsoProtocols,
    private readonly mark: SignedOutMark,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Ends the caller's session. Returns the URL at which the browser continues. Throws `not_found` when `connectionId`
   * is given and another sign-in opened the session.
   */
  async signOut(cookieHeader: string | undefined, connectionId?: string): Promise<SignedOut> {
    const session = await this.repository.providerSession(currentMember().sessionId!);
    if (connectionId !== undefined && session?.connectionId !== connectionId) throw new Problem('not_found');
    const next = await this.unitOfWork.withoutTransaction(() => this.leave(session, cookieHeader));
    await this.sessions.signOut();
    return next;
  }

  /**
   * Ends the session of a cookie on a public route. Returns the provider's side of the session. Returns null when it
   * has ended before. Ends nothing and returns "other" when another sign-in than one through this connection opened it.
   */
  async endOwn(secret: string, connectionId: string): Promise<ProviderSession | 'other' | null> {
    const context = enterSession(secret, false);
    return this.unitOfWork.run<ProviderSession | 'other' | null, EnteredSession>(context, async (entered) => {
      const { state, session_id: id, org_id: orgId, user_id: userId, email } = entered;
      if (state !== 'ok') return null;
      const session = await this.repository.providerSession(id);
      if (session?.connectionId !== connectionId) return 'other';
      await this.repository.endSession(id);
      withIdentity({ orgId, actor: { type: 'user', id: userId, email } }, () =>
        this.audit.record('auth.signed_out', { target: { type: 'user', id: userId } }),
      );
      return session;
    });
  }

  /**
   * Prepares the logout at the provider of a session. The caller must not have an open transaction, because the lookup
   * of a provider can send a request. A provider that cannot be reached does not prevent the sign-out.
   */
  async leave(session: ProviderSession | null, cookieHeader: string | undefined): Promise<SignedOut> {
    if (session === null) return { url: SIGNED_OUT_PAGE, setCookies: [] };
    const { state, setCookie } = this.mark.add(cookieHeader, session.connectionId);
    const request = { cookieHeader, state, returnTo: `${SIGNED_OUT_PAGE}?state=${state}` };
    const redirect = await this.protocols
      .get(session.protocol)
      .startLogout(session, request)
      .catch((error: unknown): SsoLogoutRedirect | undefined => {
        this.log.warn(`the provider's logout could not start: ${String(error)}`);
        return undefined;
      });
    const cookies = redirect?.setCookie === undefined ? [setCookie] : [setCookie, redirect.setCookie];
    return { url: redirect?.url ?? SIGNED_OUT_PAGE, setCookies: cookies };
  }

  /**
   * Returns the name of the connection of this browser's last sign-out, and whether its provider completed the logout.
   * Returns undefined when no provider opened the session, or the connection does not exist any more.
   */
  async lastProvider(
    cookieHeader: string | undefined,
    state: unknown,
  ): Promise<{ name: string; ended: boolean; setCookie?: string } | undefined> {
    const last = this.mark.last(cookieHeader, state);
    const found = last && (await this.repository.findForSignIn(last.connectionId));
    if (!last || !found) return undefined;
    const { connectionId, ended } = last;
    return {
      name: found.connection.name,
      ended,
      setCookie: ended ? this.mark.remove(cookieHeader, connectionId) : undefined,
    };
  }
}
