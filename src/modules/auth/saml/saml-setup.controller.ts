import { Controller, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { Access } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { SsoConnectionResponse } from '../sso/index.js';
import { SamlSetupService } from './saml-setup.service.js';

/** Setup that only SAML connections have: metadata refresh and key rotation. */
@Controller('v1/sso/connections/:id')
export class SamlSetupController {
  constructor(private readonly setup: SamlSetupService) {}

  /** Enqueues a refresh of the provider's metadata. */
  @Post('refresh')
  @Access('sso:update', { emits: ['sso.refresh_requested'], limit: { name: 'sso-refresh', points: 60, seconds: 300 } })
  @ResponseType(SsoConnectionResponse, { status: 202 })
  refresh(@Param('id', ParseUUIDPipe) id: string) {
    return this.setup.refresh(id);
  }

  /** Adds a key to the metadata, next to the key in use. */
  @Post('keys')
  @Access('sso:update', { emits: ['sso.key_added'], interactiveOnly: true, stepUpMinutes: 30 })
  @ResponseType(SsoConnectionResponse)
  addKey(@Param('id', ParseUUIDPipe) id: string) {
    return this.setup.addKey(id);
  }

  /** Replaces the key in use by the added key. */
  @Post('keys/rotate')
  @Access('sso:update', { emits: ['sso.key_rotated'], interactiveOnly: true, stepUpMinutes: 30 })
  @ResponseType(SsoConnectionResponse)
  rotateKey(@Param('id', ParseUUIDPipe) id: string) {
    return this.setup.rotateKey(id);
  }
}
