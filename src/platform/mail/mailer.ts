import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { compose, type ComposedMail } from './compose.js';
import type { MailMessage } from './message.js';

/** A mail that was not taken. Says why by a code, and nothing of the mail or of whom it was for. */
export class MailFailed extends Error {
  override readonly name = 'MailFailed';

  /** @param permanent whether the server refuses this mail for good */
  constructor(
    readonly code: string,
    readonly permanent: boolean,
  ) {
    super(`the mail was not taken: ${code}`);
  }
}

/** Sends mail. Never called while a transaction is open: a mail cannot be taken back, and servers are slow. */
@Injectable()
export abstract class Mailer {
  /** @param from the sender's address */
  constructor(
    private readonly from: string,
    private readonly clock: Clock,
  ) {}

  /** Throws TypeError for what is no address or no line, MailFailed when the mail is not taken. */
  async send(message: MailMessage): Promise<void> {
    await this.deliver(await compose(message, this.from, this.clock.now()));
  }

  protected abstract deliver(mail: ComposedMail): Promise<void>;
}
