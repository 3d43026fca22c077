import { Controller, Delete, Get, Param, ParseUUIDPipe, Query } from '@nestjs/common';
import { Access } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { IdentitiesService } from './identities.service.js';
import { IdentityResponse, RemoveIdentityQuery } from './identities.dto.js';

/** The identities of members at identity providers. */
@Controller('v1')
export class IdentitiesController {
  constructor(private readonly identities: IdentitiesService) {}

  /** Returns the caller's own identities. */
  @Get('auth/identities')
  @Access('signed-in', { interactiveOnly: true })
  @ResponseType(IdentityResponse, { list: true })
  own() {
    return this.identities.own();
  }

  @Get('memberships/:id/identities')
  @Access('sso:read')
  @ResponseType(IdentityResponse, { list: true })
  list(@Param('id', ParseUUIDPipe) id: string) {
    return this.identities.list(id);
  }

  /** Removes an identity and ends the sessions that it opened. */
  @Delete('memberships/:id/identities/:identityId')
  @Access('sso:delete', { emits: ['sso.identity_removed'], interactiveOnly: true, stepUpMinutes: 30 })
  @ResponseType.nothing()
  remove(
    @Param('id', ParseUUIDPipe) id: string,
    @Param('identityId', ParseUUIDPipe) identityId: string,
    @Query() { allowLockout }: RemoveIdentityQuery,
  ) {
    return this.identities.remove(id, identityId, allowLockout === 'true');
  }
}
