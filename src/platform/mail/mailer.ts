import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { compose, type ComposedMail } from './compose.js';
import type { MailMessage } from './message.js';

/** Thrown when a mail was not accepted. Contains a code, but nothing of the mail or the recipient. */
export class MailFailed extends Error {
  override readonly name = 'MailFailed';

  /** @param permanent true if the server rejects this mail permanently */
  constructor(
    readonly code: string,
    readonly permanent: boolean,
  ) {
    super(`the mail was not accepted: ${code}`);
  }
}

/** Sends mail. Do not call it in an open transaction: a mail cannot be rolled back, and mail servers are slow. */
@Injectable()
export abstract class Mailer {
  /** @param from the e-mail address of the sender */
  constructor(
    private readonly from: string,
    private readonly clock: Clock,
  ) {}

  /**
   * Sends a message. Throws TypeError for an invalid e-mail address or subject, and MailFailed when the mail is not
   * accepted.
   */
  async send(message: MailMessage): Promise<void> {
    await this.deliver(await compose(message, this.from, this.clock.now()));
  }

  protected abstract deliver(mail: ComposedMail): Promise<void>;
}
