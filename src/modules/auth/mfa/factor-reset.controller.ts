import { Controller, Delete, Param, ParseUUIDPipe } from '@nestjs/common';
import { Access } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { FactorResetService } from './factor-reset.service.js';

@Controller('v1/memberships')
export class FactorResetController {
  constructor(private readonly resets: FactorResetService) {}

  /** Removes all second factors of a member who lost them, ends the member's sessions, and notifies them by mail. */
  @Delete(':id/factors')
  @Access('membership:reset-factors', { emits: ['auth.factors_reset'], interactiveOnly: true, stepUpMinutes: 10 })
  @ResponseType.nothing()
  reset(@Param('id', ParseUUIDPipe) id: string) {
    return this.resets.reset(id);
  }
}
