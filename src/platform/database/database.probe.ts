import { Injectable } from '@nestjs/common';
import { UnitOfWork } from './unit-of-work.js';

/** Checks that Postgres responds. */
@Injectable()
export class DatabaseProbe {
  readonly name = 'database';

  constructor(private readonly unitOfWork: UnitOfWork) {}

  async check(): Promise<void> {
    await this.unitOfWork.queryOnce('SELECT 1');
  }
}
