import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { newId } from '../clock/id.js';
import type { Clock } from '../clock/clock.js';
import type { ComposedMail } from './compose.js';
import { Mailer } from './mailer.js';

/**
 * Writes mail into a directory instead of sending it, one .eml file per message in the order of the names; for
 * development.
 */
export class FileMailer extends Mailer {
  constructor(
    private readonly directory: string,
    from: string,
    clock: Clock,
  ) {
    super(from, clock);
  }

  protected async deliver({ raw }: ComposedMail): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    await writeFile(path.join(this.directory, `${newId()}.eml`), raw, { mode: 0o600, flag: 'wx' });
  }
}
