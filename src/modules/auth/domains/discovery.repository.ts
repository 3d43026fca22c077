import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { SsoProtocol } from '../sso/index.js';

/** What `app.discover_sso` answers. */
export interface WaysIn {
  password: boolean;
  connections: { id: string; name: string; protocol: SsoProtocol; organization: string | null }[];
  [column: string]: unknown;
}

/** Where the addresses of a domain sign in, in any organization. */
@Injectable()
export class SsoDiscoveryRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async ways(domain: string): Promise<WaysIn> {
    const [row] = await this.unitOfWork.once<WaysIn>('SELECT password, connections FROM app.discover_sso($1)', [
      domain,
    ]);
    return row!;
  }
}
