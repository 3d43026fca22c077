import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { seeOther } from '../../../platform/pages/index.js';
import { SignInCookies, MfaService, SignInService } from '../sign-in/index.js';
import { SignInDiscovery } from '../domains/index.js';
import { redisplay } from './forms.js';
import { pageUrl } from './page-url.js';
import type { PasswordForm, MfaForm } from './pages.dto.js';
import { mfaPage } from './mfa.views.js';
import { anotherWayPage, methodPage, type MethodView } from './sign-in.views.js';

/** Renders the steps of a sign-in as pages. Each step does the same as the corresponding API route. */
@Injectable()
export class SignInPages {
  constructor(
    private readonly signIn: SignInService,
    private readonly mfa: MfaService,
    private readonly discovery: SignInDiscovery,
    private readonly cookies: SignInCookies,
  ) {}

  /**
   * Returns the page that offers the sign-in methods of the e-mail domain, or the local methods. Both depend on the
   * domain only, so they reveal no account. Throws `invalid_request` when the text is not an e-mail address.
   */
  async method(email: string, returnTo: string, anotherWay: boolean): Promise<string> {
    const view = await this.methodView(email, returnTo);
    return anotherWay ? anotherWayPage(view) : methodPage(view);
  }

  /**
   * Signs the user in with a password and redirects the browser. If a second factor is required, the redirect leads to
   * the MFA page. If the sign-in fails, returns the form with the error.
   */
  async password(
    { email, password, rememberMe, returnTo }: PasswordForm,
    request: Request,
    response: Response,
  ): Promise<string> {
    const nextUrl = pageUrl(returnTo);
    try {
      const outcome = await this.signIn.withPassword(email, password, {
        device: this.cookies.device(request),
        rememberMe: rememberMe !== undefined,
      });
      if ('methods' in outcome) {
        response.append('Set-Cookie', this.cookies.mfaRequired(outcome).headers['Set-Cookie']);
        return seeOther(response, `/sign-in/mfa?${new URLSearchParams({ returnTo: nextUrl }).toString()}`);
      }
      await this.cookies.finish(request, response, outcome);
      return seeOther(response, nextUrl);
    } catch (error) {
      const view = { ...(await this.methodView(email, nextUrl)), password: true, rememberMe: rememberMe !== undefined };
      return redisplay(error, (problem) => methodPage({ ...view, problem }));
    }
  }

  /** Returns the page that asks for a second factor. Throws `sign_in_expired` when the pending sign-in has expired. */
  async factors(returnTo: string | undefined, request: Request): Promise<string> {
    return mfaPage({
      methods: await this.mfa.methods(this.cookies.pending(request)),
      returnTo: pageUrl(returnTo),
    });
  }

  /**
   * Completes the sign-in with a second factor and redirects the browser. Throws `sign_in_expired` when the pending
   * sign-in has expired.
   */
  async factor(
    { returnTo, rememberDevice, ...factor }: MfaForm,
    request: Request,
    response: Response,
  ): Promise<string> {
    const pending = this.cookies.pending(request);
    const methods = await this.mfa.methods(pending);
    try {
      const finished = await this.mfa.finish(pending, factor, { rememberDevice: rememberDevice !== undefined });
      await this.cookies.finish(request, response, finished);
      return seeOther(response, pageUrl(returnTo));
    } catch (error) {
      return redisplay(error, (problem) => mfaPage({ methods, returnTo: pageUrl(returnTo), problem }));
    }
  }

  private async methodView(email: string, returnTo: string): Promise<MethodView> {
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
