import { Controller, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { Access } from '../../../platform/access/decorators.js';
import { Returns } from '../../../platform/http/returns.js';
import { SsoSetupService } from '../sso/sso-setup.service.js';
import { SsoConnectionResponse } from '../sso/sso.dto.js';

/** Replacing our key towards an identity provider, in two steps with time for it to read our metadata between them. */
@Controller('v1/sso/connections/:id/key')
export class SpKeysController {
  constructor(private readonly setup: SsoSetupService) {}

  @Post()
  @Access('sso:update', { emits: ['sso.key_introduced'], peopleOnly: true, stepUpMinutes: 30 })
  @Returns(SsoConnectionResponse)
  introduce(@Param('id', ParseUUIDPipe) id: string) {
    return this.setup.introduceKey(id);
  }

  @Post('switch')
  @Access('sso:update', { emits: ['sso.key_switched'], peopleOnly: true, stepUpMinutes: 30 })
  @Returns(SsoConnectionResponse)
  switch(@Param('id', ParseUUIDPipe) id: string) {
    return this.setup.switchKey(id);
  }
}
