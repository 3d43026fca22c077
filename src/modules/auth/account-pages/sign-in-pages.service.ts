import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { AppConfig } from '../../../platform/config/index.js';
import { assertOwnForm } from '../../../platform/http/csrf.js';
import { seeOther } from '../../../platform/pages/index.js';
import { SignInCookies, MfaService, SignInService } from '../sign-in/index.js';
import { SignInDiscovery } from '../domains/index.js';
import { redisplay } from './forms.js';
import { pageAddress } from './page-url.js';
import type { PasswordForm, SecondFactorForm } from './pages.dto.js';
import { secondFactorPage } from './mfa.views.js';
import { methodPage, type MethodShown } from './sign-in.views.js';

/** The steps of signing in, as pages. They do what the routes of the API do, and nothing else. */
@Injectable()
export class SignInPages {
  constructor(
    private readonly signIn: SignInService,
    private readonly secondFactor: MfaService,
    private readonly discovery: SignInDiscovery,
    private readonly cookies: SignInCookies,
    private readonly app: AppConfig,
  ) {}

  /** What the address's domain signs in by. Throws invalid_request for what is no address. */
  async method(email: string, returnTo: string): Promise<string> {
    return methodPage(await this.shown(email, returnTo));
  }

  /**
   * Signs in and sends the browser on, to the second factor where one is asked for; or the form again, with what was
   * wrong. Throws csrf_check_failed.
   */
  async password(
    { email, password, rememberMe, returnTo }: PasswordForm,
    request: Request,
    response: Response,
  ): Promise<string> {
    assertOwnForm(request, this.app);
    const address = pageAddress(returnTo);
    try {
      const outcome = await this.signIn.withPassword(email, password, {
        device: this.cookies.device(request),
        rememberMe: rememberMe !== undefined,
      });
      if ('methods' in outcome) {
        response.append('Set-Cookie', this.cookies.needed(outcome).headers['Set-Cookie']);
        return seeOther(response, `/sign-in/mfa?${new URLSearchParams({ returnTo: address }).toString()}`);
      }
      this.cookies.finish(request, response, outcome);
      return seeOther(response, address);
    } catch (error) {
      const shown = { ...(await this.shown(email, address)), password: true, rememberMe: rememberMe !== undefined };
      return redisplay(error, (problem) => methodPage({ ...shown, problem }));
    }
  }

  /** Throws sign_in_expired. */
  async factors(returnTo: string | undefined, request: Request): Promise<string> {
    return secondFactorPage({
      methods: await this.secondFactor.methods(this.cookies.pending(request)),
      returnTo: pageAddress(returnTo),
    });
  }

  /** Throws csrf_check_failed, sign_in_expired. */
  async factor(
    { returnTo, rememberDevice, ...proof }: SecondFactorForm,
    request: Request,
    response: Response,
  ): Promise<string> {
    assertOwnForm(request, this.app);
    const pending = this.cookies.pending(request);
    const methods = await this.secondFactor.methods(pending);
    try {
      const finished = await this.secondFactor.finish(pending, proof, { rememberDevice: rememberDevice !== undefined });
      this.cookies.finish(request, response, finished);
      return seeOther(response, pageAddress(returnTo));
    } catch (error) {
      return redisplay(error, (problem) => secondFactorPage({ methods, returnTo: pageAddress(returnTo), problem }));
    }
  }

  private async shown(email: string, returnTo: string): Promise<MethodShown> {
    const { password, connections } = await this.discovery.discover(email);
    return {
      email,
      password,
      returnTo,
      connections: connections.map(({ name, loginUrl }) => ({ name, loginUrl: withReturn(loginUrl, returnTo) })),
    };
  }
}

function withReturn(loginUrl: string, returnTo: string): string {
  const url = new URL(loginUrl);
  url.searchParams.set('returnTo', returnTo);
  return url.href;
}
