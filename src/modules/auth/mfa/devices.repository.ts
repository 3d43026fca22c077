import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';

/** A remembered device. Sign-in on this device skips the second factor until the row expires. */
export interface DeviceRow {
  id: string;
  ip: string | null;
  userAgent: string | null;
  createdAt: Date;
  expiresAt: Date;
  [column: string]: unknown;
}

/** Stores the caller's remembered devices in the current organization. */
@Injectable()
export class DevicesRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  own(): Promise<DeviceRow[]> {
    return this.unitOfWork.sql(
      `SELECT id, ip, user_agent AS "userAgent", created_at AS "createdAt", expires_at AS "expiresAt"
         FROM app.own_devices()`,
    );
  }

  async forget(id: string): Promise<boolean> {
    const [row] = await this.unitOfWork.sql<{ forgotten: boolean }>('SELECT app.forget_device($1) AS forgotten', [id]);
    return row!.forgotten;
  }
}
