import { IsEmail, IsString, Validate, ValidatorConstraint } from 'class-validator';
import type { ValidatorConstraintInterface } from 'class-validator';
import { Env } from './env.js';

/** Whom mail comes from in development; `.test` is nobody's (RFC 6761). */
export const DEVELOPMENT_SENDER = 'no-reply@vouchsafe.test';

/** Scheme, perhaps user and password, host, perhaps port: nothing behind them that would change how mail is sent. */
@ValidatorConstraint({ name: 'smtp' })
class SmtpUrl implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return (
      typeof value === 'string' && /^smtps?:\/\/[^\s/?#]+$/.test(value) && (URL.parse(value)?.hostname ?? '') !== ''
    );
  }
}

/** How mail leaves. Without a server it is written into a folder, which development alone may do. */
export class MailConfig {
  @Env('SMTP_URL', {
    description:
      'The mail server, spoken to by TLS (smtps://) or STARTTLS (smtp://); without it, in development alone, ' +
      'mail is written into MAIL_DIR',
    expected: 'a URL such as smtps://user:password@mail.example.org:465',
  })
  @Validate(SmtpUrl)
  readonly smtpUrl?: string;

  @Env('MAIL_FROM', {
    description: 'The address that mail comes from',
    expected: 'an e-mail address',
    default: DEVELOPMENT_SENDER,
    example: DEVELOPMENT_SENDER,
  })
  @IsEmail()
  readonly from: string;

  @Env('MAIL_DIR', {
    description: 'The folder in which development keeps the mail it would send, one .eml file each',
    expected: 'the path of a folder',
    default: '.vouchsafe/mail',
    example: '.vouchsafe/mail',
  })
  @IsString()
  readonly dir: string;
}
