import { Global, Module } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { AppConfig, MailConfig } from '../config/index.js';
import { FileMailer } from './file-mailer.js';
import './mail.feature.js';
import { Mailer } from './mailer.js';
import { SmtpMailer } from './smtp-mailer.js';

/** Provides the mailer. */
@Global()
@Module({
  providers: [{ provide: Mailer, useFactory: mailer, inject: [MailConfig, AppConfig, Clock] }],
  exports: [Mailer],
})
export class MailModule {}

function mailer({ smtpUrl, from, dir }: MailConfig, app: AppConfig, clock: Clock): Mailer {
  if (smtpUrl === undefined) return new FileMailer(dir, from, clock);
  return new SmtpMailer(
    { url: smtpUrl, from, hostname: new URL(app.origin).hostname, requireTls: app.deployed },
    clock,
  );
}
