import { Controller, Delete, Param, ParseUUIDPipe } from '@nestjs/common';
import { Access } from '../../../platform/access/decorators.js';
import { Returns } from '../../../platform/http/returns.js';
import { FactorResetService } from './factor-reset.service.js';

@Controller('v1/memberships')
export class FactorResetController {
  constructor(private readonly resets: FactorResetService) {}

  /** Takes all second factors from a member who has lost them, and ends their sessions; they are told by mail. */
  @Delete(':id/factors')
  @Access('membership:reset-factors', { emits: ['auth.factors_reset'], peopleOnly: true, stepUpMinutes: 10 })
  @Returns.nothing()
  reset(@Param('id', ParseUUIDPipe) id: string) {
    return this.resets.reset(id);
  }
}
