import { IsEmail, IsString, Validate, ValidatorConstraint } from 'class-validator';
import type { ValidatorConstraintInterface } from 'class-validator';
import { Env } from './env.js';

/** The sender address in development. RFC 6761 reserves the domain `.test`. */
export const DEVELOPMENT_SENDER = 'no-reply@vouchsafe.test';

/**
 * Accepts a scheme, optional credentials, a host, and an optional port. Query parameters are invalid, because they
 * could weaken TLS.
 */
@ValidatorConstraint({ name: 'smtp' })
class SmtpUrl implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return (
      typeof value === 'string' && /^smtps?:\/\/[^\s/?#]+$/.test(value) && (URL.parse(value)?.hostname ?? '') !== ''
    );
  }
}

/** The mail server and sender. Without a server, development writes mail into a directory. */
export class MailConfig {
  @Env('SMTP_URL', {
    description:
      'The mail server, over TLS (smtps://) or STARTTLS (smtp://). Without it, development writes mail into ' +
      'MAIL_DIR',
    expected: 'a URL such as smtps://user:password@mail.example.org:465',
  })
  @Validate(SmtpUrl)
  readonly smtpUrl?: string;

  @Env('MAIL_FROM', {
    description: 'The e-mail address of the sender',
    expected: 'an e-mail address',
    default: DEVELOPMENT_SENDER,
    example: DEVELOPMENT_SENDER,
  })
  @IsEmail()
  readonly from: string;

  @Env('MAIL_DIR', {
    description: 'The directory into which development writes mail, one .eml file per message',
    expected: 'the path of a directory',
    default: '.vouchsafe/mail',
    example: '.vouchsafe/mail',
  })
  @IsString()
  readonly dir: string;
}
