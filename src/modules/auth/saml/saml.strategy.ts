import { PassportStrategy } from '@nestjs/passport';
import { MultiSamlStrategy } from '@node-saml/passport-saml';
import type { MultiStrategyConfig, PassportSamlConfig, Profile, VerifyWithRequest } from '@node-saml/passport-saml';
import { refusalOf } from '../sso/index.js';
import { libraryOptions } from './library-options.js';
import { checkAgreement } from './library-refusal.js';
import type { JudgedResponse, SamlArrival, SamlResponses } from './saml-responses.js';
import { must, SamlRefused } from './saml-refusal.js';

/** The part of an HTTP request that a response is read from. Express 4's and 5's types both fit. */
interface Incoming {
  readonly headers: { readonly cookie?: string };
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: unknown;
  body: unknown;
}

/** The library's strategy with the one callback that Nest's mixin appends. Logout messages never reach it. */
class SignOnStrategy extends MultiSamlStrategy {
  constructor(options: MultiStrategyConfig, verify: VerifyWithRequest) {
    super(options, verify, (_request, _profile, done) => done(new SamlRefused('not_a_response')));
  }
}

/**
 * Takes in responses at the assertion address. Two verifiers must agree: {@link SamlResponses} judges first, and names
 * what is wrong; then
 * the library verifies signature, audience, times and request of the same message anew, decrypted where it was
 * encrypted. Every
 * error on the way is an SsoRefused, or the library's own.
 */
export class SamlStrategy extends PassportStrategy(SignOnStrategy, 'saml') {
  /** What one HTTP request is about, between the two. */
  private readonly judged = new WeakMap<Incoming, JudgedResponse>();

  constructor(private readonly responses: SamlResponses) {
    super({
      passReqToCallback: true,
      getSamlOptions: (request, done) => {
        this.open(request)
          .then((options) => done(null, options))
          .catch(done);
      },
    });
  }

  /** Before the library: our own judgement. The message is left in the body as the library is to see it. */
  private async open(http: Incoming): Promise<Partial<PassportSamlConfig>> {
    const { params, headers, query, body } = http;
    const form = { connectionId: String(params['connectionId']), cookieHeader: headers.cookie, query, body };
    const judged = await this.responses.judge(form).catch((error: unknown) => Promise.reject(refusalOf(error)));
    this.judged.set(http, judged);
    http.body = { SAMLResponse: Buffer.from(judged.xml).toString('base64') };
    return libraryOptions(judged);
  }

  /** After the library: both mean the same person, who is let in once. */
  async validate(http: Incoming, profile: Profile | null): Promise<SamlArrival> {
    const judged = this.judged.get(http);
    must(judged !== undefined, 'library_refused');
    checkAgreement(profile, judged);
    return this.responses.admit(judged).catch((error: unknown) => Promise.reject(refusalOf(error)));
  }
}
