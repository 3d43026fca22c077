import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { SsoProtocol } from '../sso/index.js';

/** What `app.discover_sso` answers. */
export interface AvailableSignInMethods {
  password: boolean;
  connections: { id: string; name: string; protocol: SsoProtocol; organization: string | null }[];
  [column: string]: unknown;
}

/** Where the addresses of a domain sign in, in any organization. */
@Injectable()
export class SignInDiscoveryRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async ways(domain: string): Promise<AvailableSignInMethods> {
    const [row] = await this.unitOfWork.queryOnce<AvailableSignInMethods>(
      'SELECT password, connections FROM app.discover_sso($1)',
      [domain],
    );
    return row!;
  }
}
