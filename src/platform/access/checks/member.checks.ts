import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/index.js';
import { Clock } from '../../clock/clock.js';
import { currentContext } from '../../context/context.js';
import { assertSameOrigin } from '../../http/csrf.js';
import { Problem } from '../../problem/problem.js';
import type { GuardContext, AccessCheck } from '../guard-context.js';
import { isGranted } from '../../policies/grants.js';

/**
 * Requires that a mutating request comes from the application's own origin or from a client that is not a browser.
 * Requests with an API key are exempt, because no website can make a browser send a key. Public routes are exempt if
 * they declare why other sites may send the request.
 */
@Injectable()
export class SameOriginCheck implements AccessCheck {
  constructor(private readonly app: AppConfig) {}

  check({ request, mutating, apiKey, policy }: GuardContext): void {
    const exempt = apiKey !== undefined || (policy.kind === 'public' && policy.otherOrigins !== undefined);
    if (mutating && !exempt) assertSameOrigin(request, this.app);
  }
}

/** Denies mutating requests to a member who must change the password, except the change itself. */
@Injectable()
export class PasswordChangedCheck implements AccessCheck {
  check({ session, policy, mutating }: GuardContext): void {
    if (mutating && session!.must_change_password && !policy.allowIncompleteSetup)
      throw new Problem('password_change_required');
  }
}

/** Denies access without a second factor if the organization requires one. */
@Injectable()
export class MfaCheck implements AccessCheck {
  check({ session, policy }: GuardContext): void {
    if (policy.allowIncompleteSetup || policy.allowWithoutMfa) return;
    if (session!.required_action === 'step_up') throw new Problem('step_up_required');
    if (session!.required_action === 'mfa_enrollment') throw new Problem('mfa_enrollment_required');
  }
}

/** Denies access after a password sign-in if the organization enforces single sign-on. */
@Injectable()
export class EnforcedSsoCheck implements AccessCheck {
  check({ session, policy }: GuardContext): void {
    if (session!.required_action === 'sso' && !policy.allowIncompleteSetup) throw new Problem('sso_required');
  }
}

/** Denies access if the organization no longer allows the sign-in method of the session. */
@Injectable()
export class SignInMethodCheck implements AccessCheck {
  check({ session, policy }: GuardContext): void {
    if (session!.required_action === 'method' && !policy.allowIncompleteSetup)
      throw new Problem('sign_in_method_not_allowed');
  }
}

/** Requires the permission of the route in the grants of the member. */
@Injectable()
export class PermissionCheck implements AccessCheck {
  check({ policy }: GuardContext): void {
    const grants = currentContext().member!.grants;
    if (policy.kind !== 'access' || !isGranted(grants, policy.permission)) throw new Problem('forbidden');
  }
}

/** Requires a sign-in or step-up that is recent enough for the route. */
@Injectable()
export class StepUpCheck implements AccessCheck {
  constructor(private readonly clock: Clock) {}

  check({ session, policy }: GuardContext): void {
    if (policy.stepUpMinutes === undefined) return;
    if (this.clock.millis() - session!.authenticated_at.getTime() > policy.stepUpMinutes * 60_000)
      throw new Problem('step_up_required');
  }
}
