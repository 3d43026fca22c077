import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { AppConfig } from '../../../platform/config/index.js';
import { assertOwnForm } from '../../../platform/http/csrf.js';
import { FactorCookies, SecondFactorService, SignInService } from '../sign-in/index.js';
import { SsoDiscovery } from '../domains/index.js';
import { again, onward } from './forms.js';
import { pageAddress } from './page-address.js';
import type { PasswordForm, SecondFactorForm } from './pages.dto.js';
import { secondFactorPage } from './second-factor.views.js';
import { methodPage, type MethodShown } from './sign-in.views.js';

/** The steps of signing in, as pages. They do what the routes of the API do, and nothing else. */
@Injectable()
export class SignInPages {
  constructor(
    private readonly signIn: SignInService,
    private readonly secondFactor: SecondFactorService,
    private readonly discovery: SsoDiscovery,
    private readonly cookies: FactorCookies,
    private readonly app: AppConfig,
  ) {}

  /** What the address's domain signs in by. Throws invalid_request for what is no address. */
  async method(email: string, returnTo: string): Promise<string> {
    return methodPage(await this.shown(email, returnTo));
  }

  /**
   * Signs in and sends the browser on, to the second factor where one is asked for; or the form again, with what was
   * wrong. Throws csrf_refused.
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
        return onward(response, `/sign-in/second-factor?${new URLSearchParams({ returnTo: address }).toString()}`);
      }
      this.cookies.finish(request, response, outcome);
      return onward(response, address);
    } catch (error) {
      const shown = { ...(await this.shown(email, address)), password: true, rememberMe: rememberMe !== undefined };
      return again(error, (problem) => methodPage({ ...shown, problem }));
    }
  }

  /** Throws sign_in_lapsed. */
  async factors(returnTo: string | undefined, request: Request): Promise<string> {
    return secondFactorPage({
      methods: await this.secondFactor.methods(this.cookies.pending(request)),
      returnTo: pageAddress(returnTo),
    });
  }

  /** Throws csrf_refused, sign_in_lapsed. */
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
      return onward(response, pageAddress(returnTo));
    } catch (error) {
      return again(error, (problem) => secondFactorPage({ methods, returnTo: pageAddress(returnTo), problem }));
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
