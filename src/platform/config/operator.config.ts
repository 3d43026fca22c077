import { IsEmail, IsString, IsUrl, Length } from 'class-validator';
import { Env } from './env.js';

const WEB = { protocols: ['https', 'http'], require_protocol: true, require_tld: false };

/** The institution that operates this deployment. The SAML metadata contains these values. */
export class OperatorConfig {
  @Env('OPERATOR_NAME', {
    description: 'The name of the institution that operates this deployment, as the SAML metadata shows it',
    expected: 'a name of at most 200 characters',
    default: 'Vouchsafe',
    example: 'Vouchsafe',
  })
  @IsString()
  @Length(1, 200)
  readonly name: string;

  @Env('OPERATOR_URL', {
    description: 'The web page of that institution or of this service; the default is PUBLIC_URL',
    expected: 'a URL such as https://records.example.org/about',
    default: (env) => env.PUBLIC_URL || `http://127.0.0.1:${env.PORT || 3000}`,
    example: 'http://127.0.0.1:3000',
  })
  @IsUrl(WEB)
  readonly url: string;

  @Env('PRIVACY_URL', {
    description: 'The privacy statement of this service. Federations require it',
    expected: 'a URL such as https://records.example.org/privacy',
  })
  @IsUrl(WEB)
  readonly privacyUrl?: string;

  @Env('TECHNICAL_CONTACT', {
    description: 'The e-mail address for technical questions of identity providers. Federations require it',
    expected: 'an e-mail address, such as that of a team',
  })
  @IsEmail()
  readonly technicalContact?: string;

  @Env('SECURITY_CONTACT', {
    description: 'The e-mail address for security incidents (REFEDS Sirtfi). Federations require it',
    expected: 'an e-mail address, such as that of a team',
  })
  @IsEmail()
  readonly securityContact?: string;
}
