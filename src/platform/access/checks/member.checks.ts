import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/index.js';
import { Clock } from '../../clock/clock.js';
import { currentContext } from '../../context/context.js';
import { assertSameOrigin } from '../../http/csrf.js';
import { networkOf } from '../../http/network.js';
import { Problem } from '../../problem/problem.js';
import { RateLimiter } from '../../http/rate-limit.js';
import type { GuardContext, AccessCheck } from '../guard-context.js';
import { isGranted } from '../../policies/grants.js';

/** The route's own limit by address, where it declares one. */
@Injectable()
export class RateLimitCheck implements AccessCheck {
  constructor(private readonly limiter: RateLimiter) {}

  async check({ policy }: GuardContext): Promise<void> {
    if (policy.limit !== undefined) await this.limiter.consume(policy.limit, networkOf(currentContext().ip));
  }
}

/**
 * A request that changes something comes from our own origin, or from no browser at all. No site can make a browser
 * send a key.
 */
@Injectable()
export class SameOriginCheck implements AccessCheck {
  constructor(private readonly app: AppConfig) {}

  check({ request, mutating, apiKey }: GuardContext): void {
    if (mutating && apiKey === undefined) assertSameOrigin(request, this.app);
  }
}

/** A password that must be changed blocks every mutation but the change itself. */
@Injectable()
export class PasswordChangedCheck implements AccessCheck {
  check({ session, policy, mutating }: GuardContext): void {
    if (mutating && session!.must_change_password && !policy.allowIncompleteSetup)
      throw new Problem('password_change_required');
  }
}

/** Where the organization asks for a second factor, a password alone reaches nothing. */
@Injectable()
export class MfaCheck implements AccessCheck {
  check({ session, policy }: GuardContext): void {
    if (policy.allowIncompleteSetup || policy.allowWithoutMfa) return;
    if (session!.required_action === 'step_up') throw new Problem('step_up_required');
    if (session!.required_action === 'mfa_enrollment') throw new Problem('mfa_enrollment_required');
  }
}

/** Where the organization enforces single sign-on, a password reaches nothing. */
@Injectable()
export class EnforcedSsoCheck implements AccessCheck {
  check({ session, policy }: GuardContext): void {
    if (session!.required_action === 'sso' && !policy.allowIncompleteSetup) throw new Problem('sso_required');
  }
}

/** A session lasts as long as its organization takes sign-ins of its kind. */
@Injectable()
export class SignInMethodCheck implements AccessCheck {
  check({ session, policy }: GuardContext): void {
    if (session!.required_action === 'method' && !policy.allowIncompleteSetup)
      throw new Problem('sign_in_method_not_allowed');
  }
}

/** The member's grants hold the route's permission. */
@Injectable()
export class PermissionCheck implements AccessCheck {
  check({ policy }: GuardContext): void {
    const grants = currentContext().member!.grants;
    if (policy.kind !== 'access' || !isGranted(grants, policy.permission)) throw new Problem('forbidden');
  }
}

/**
 * The sign-in, or the last step-up, is fresh enough for what the route does. A key proves nothing, and is asked for
 * nothing.
 */
@Injectable()
export class StepUpCheck implements AccessCheck {
  constructor(private readonly clock: Clock) {}

  check({ session, policy, apiKey }: GuardContext): void {
    if (policy.stepUpMinutes === undefined || apiKey !== undefined) return;
    if (this.clock.millis() - session!.authenticated_at.getTime() > policy.stepUpMinutes * 60_000)
      throw new Problem('step_up_required');
  }
}
