import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { SsoProtocol } from '../sso/index.js';

/** The row that `app.discover_sso` returns. */
export interface AvailableSignInMethods {
  password: boolean;
  connections: { id: string; name: string; protocol: SsoProtocol; organization: string | null }[];
  [column: string]: unknown;
}

/** Finds the sign-in methods for a mail domain. The search covers every organization. */
@Injectable()
export class SignInDiscoveryRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async signInMethods(domain: string): Promise<AvailableSignInMethods> {
    const [row] = await this.unitOfWork.queryOnce<AvailableSignInMethods>(
      'SELECT password, connections FROM app.discover_sso($1)',
      [domain],
    );
    return row!;
  }
}
