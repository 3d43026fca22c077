import { Injectable } from '@nestjs/common';
import { RoleSettings } from './role-settings.js';
import { UnitOfWork } from './unit-of-work.js';

/** Keeps the settings of the database role, and checks that Postgres accepts a write. */
@Injectable()
export class DatabaseProbe {
  readonly name = 'database';

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: RoleSettings,
  ) {}

  async check(): Promise<void> {
    await this.settings.keep();
    await this.unitOfWork.proveWrite();
  }
}
