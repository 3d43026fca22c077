import { Injectable } from '@nestjs/common';
import { currentContext } from '../context/context.js';
import { enterOrganization } from '../database/tenant-context.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { MailMessage } from '../mail/index.js';
import { MailFailed, Mailer } from '../mail/mailer.js';
import { PermanentFailure } from './on-job.js';

/** The steps to send the mail of a job. */
export interface MailSteps<T> {
  /** Reads the recipient and the data for the text in a transaction; returns null when there is nothing to send. */
  load: () => Promise<T | null>;
  /** Writes the mail. Called after the transaction of `load` is committed. */
  write: (loaded: T) => MailMessage;
  /** Records in a second transaction that the mail server accepted the mail. */
  record?: (loaded: T) => Promise<void> | void;
  /** The organization in whose tenant context `record` runs; the default is the organization of the job. */
  recordIn?: (loaded: T) => string;
}

/**
 * Loads, sends, and records the mail of a job. No transaction is open while the mail server is called. A job that
 * delivers mail declares `transaction: 'own'`, and a second run after a crash can send the mail twice.
 */
@Injectable()
export class MailDelivery {
  constructor(
    private readonly mailer: Mailer,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Throws PermanentFailure `mail_rejected` when the mail server rejects the mail permanently. */
  async deliver<T>({ load, write, record, recordIn }: MailSteps<T>): Promise<void> {
    const { orgId } = currentContext();
    const loaded = await this.unitOfWork.run(enterOrganization(orgId), load);
    if (loaded === null) return;
    await this.send(write(loaded));
    if (record === undefined) return;
    await this.unitOfWork.run(enterOrganization(recordIn?.(loaded) ?? orgId), () => record(loaded));
  }

  private async send(message: MailMessage): Promise<void> {
    try {
      await this.mailer.send(message);
    } catch (error) {
      throw error instanceof MailFailed && error.permanent
        ? new PermanentFailure('mail_rejected', { cause: error })
        : error;
    }
  }
}
