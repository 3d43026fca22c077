import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { currentContext } from '../../../platform/context/context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import {
  FactorsRepository,
  FactorVerifier,
  methodsOf,
  PasskeyCeremonies,
  type FactorInput,
  type FactorKind,
  type Factors,
  type Proof,
} from '../mfa/index.js';
import { locked } from '../passwords/index.js';
import type { OpenedSession } from '../sessions/index.js';
import { LinkOffers, SsoSignInService, type LinkTicket } from '../sso/index.js';
import { LinkingRepository, type LinkProof, type PendingLink } from './linking.repository.js';

/** An offer of a link as the user sees it. */
export interface LinkView extends Pick<
  PendingLink,
  'connection' | 'organization' | 'email' | 'step' | 'name' | 'role'
> {
  /** The kinds of factors that can follow the password; empty at every other step. */
  methods: FactorKind[];
  /** The role that the provider gives; null before the proof. */
  newRole: string | null;
  /** The name that the provider sent; null if it sent none. */
  providerName: string | null;
}

/** The session that a confirmed link opened. */
export interface LinkedSession {
  readonly session: OpenedSession;
  readonly returnTo: string;
  readonly connectionId: string;
}

/**
 * Links a verified answer of an identity provider to an account that exists, after a proof of the account. Every step
 * needs the ticket of the browser that received the answer.
 */
@Injectable()
export class LinkingService {
  constructor(
    private readonly offers: LinkOffers,
    private readonly repository: LinkingRepository,
    private readonly factors: FactorsRepository,
    private readonly verifier: FactorVerifier,
    private readonly ceremonies: PasskeyCeremonies,
    private readonly signIn: SsoSignInService,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
  ) {}

  /** Returns the offer and its next step. Throws `sign_in_expired` when the offer has expired or was used. */
  async read(ticket: LinkTicket): Promise<LinkView> {
    const { identity } = await this.offers.read(ticket);
    const { connectionId: _, ...offer } = await this.pending(ticket);
    const methods = offer.step === 'factor' ? methodsOf(await this.pendingFactors(ticket)) : [];
    const newRole = offer.step === 'confirm' ? (identity.role ?? null) : null;
    return { ...offer, methods, newRole, providerName: identity.displayName ?? null };
  }

  /**
   * Returns the WebAuthn request options for a passkey of the account. They list the passkeys only after the password
   * was correct. Throws `sign_in_expired`.
   */
  async passkeyOptions(ticket: LinkTicket) {
    await this.offers.read(ticket);
    const { step } = await this.pending(ticket);
    const { userId, passkeys } = await this.pendingFactors(ticket);
    const ceremony = { purpose: 'prove', browser: ticket.browser, userId } as const;
    return this.ceremonies.requestOptions(ceremony, step === 'factor' ? passkeys : []);
  }

  /**
   * Proves the account: with the password and then a factor if the user has one, or with a passkey. Returns the offer
   * with its next step. Throws `invalid_credentials` when the password is incorrect, and `mfa_failed` when the factor
   * is incorrect. Throws `account_locked` after five failed attempts. Throws `mfa_enrollment_required` when the
   * organization requires a factor and the user has none. Throws `password_change_required` when the user must change
   * the password. Throws `sign_in_expired`. Throws `invalid_request` unless the input has exactly one proof.
   */
  async prove(ticket: LinkTicket, input: FactorInput): Promise<LinkView> {
    await this.offers.read(ticket);
    await this.pending(ticket);
    const factors = await this.pendingFactors(ticket);
    const proof = await this.verifier.verify(ticket.secret, factors, input, ticket.browser);
    const context = this.repository.proof(ticket.secret, proof.presented);
    const { state } = await this.unitOfWork.run(context, (row) => this.record(row, proof));
    if (state === 'expired') throw new Problem('sign_in_expired');
    if (state === 'locked') throw locked();
    if (state === 'refused') throw new Problem(proof.kind === 'password' ? 'invalid_credentials' : 'mfa_failed');
    if (state === 'mfa_enrollment_required')
      throw new Problem('mfa_enrollment_required', {
        detail: 'Sign in with the password, set up a second factor, and then start single sign-on again.',
      });
    if (state === 'password_change_required')
      throw new Problem('password_change_required', {
        detail: 'Sign in with the password, change it, and then start single sign-on again.',
      });
    await currentContext().uncount();
    return this.read(ticket);
  }

  /**
   * Links the identity and opens the session. Throws `sso_link_not_proven` when the account was not proven. A failure
   * after that uses up the offer. Throws `sign_in_expired` when the proof is older than five minutes, or when the
   * provider, the member's role, or the need for a factor has changed since. Throws `last_owner` when the provider's
   * role would leave the organization without an owner. Throws `sso_failed` when the user cannot sign in.
   */
  async confirm(ticket: LinkTicket): Promise<LinkedSession> {
    await this.offers.read(ticket);
    if ((await this.pending(ticket)).step !== 'confirm') throw new Problem('sso_link_not_proven');
    const verified = await this.offers.consume(ticket);
    const session = await this.signIn.link(verified, ticket.secret);
    return { session, returnTo: verified.returnTo, connectionId: ticket.connectionId };
  }

  private async pending({ secret, connectionId }: LinkTicket): Promise<PendingLink> {
    const offer = await this.repository.find(secret);
    if (offer?.connectionId !== connectionId) throw new Problem('sign_in_expired');
    return offer;
  }

  private async pendingFactors({ secret }: LinkTicket): Promise<Factors> {
    const factors = await this.factors.pending(secret);
    if (factors === null) throw new Problem('sign_in_expired');
    return factors;
  }

  private record(outcome: LinkProof, { kind, copied }: Proof): LinkProof {
    const { state, user_id: userId } = outcome;
    const target = userId === null ? undefined : ({ type: 'user', id: userId } as const);
    if (state === 'proven') this.audit.record('sso.account_proven', { target, meta: { method: kind } });
    else if (state === 'mfa_required') this.audit.record('auth.mfa_challenged', { target, outcome: 'denied' });
    else
      this.audit.record('auth.sign_in_failed', { target, outcome: 'failure', meta: { method: kind, reason: state } });
    if (copied) this.audit.record('auth.passkey_clone_suspected', { target, outcome: 'failure' });
    if (state === 'locked') this.audit.record('auth.locked', { target, outcome: 'failure' });
    return outcome;
  }
}
