import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  Param,
  Patch,
  Post,
  Put,
  Query,
  UseInterceptors,
} from '@nestjs/common';
import { DirectoryAccess } from '../../../platform/access/decorators.js';
import { Returns } from '../../../platform/http/returns.js';
import { ScimHeaders } from './scim-headers.interceptor.js';
import { MEMBER_EVENTS } from './scim-log.js';
import type { ScimQuery } from './scim-users.service.js';
import { ScimGroupsService } from './scim-groups.service.js';
import { ReturnsScim, ScimGroupResponse, ScimGroupsResponse } from './scim.dto.js';

/** RFC 7644 section 3, for Groups. */
@Controller('scim/v2/Groups')
@UseInterceptors(ScimHeaders)
export class ScimGroupsController {
  constructor(private readonly groups: ScimGroupsService) {}

  @Get()
  @DirectoryAccess({ emits: ['scim.read'] })
  @ReturnsScim(ScimGroupsResponse)
  list(@Query() query: ScimQuery) {
    return this.groups.list(query);
  }

  @Get(':id')
  @DirectoryAccess({ emits: ['scim.read'] })
  @ReturnsScim(ScimGroupResponse)
  read(@Param('id') id: string, @Query() query: ScimQuery) {
    return this.groups.read(id, query);
  }

  @Post()
  @DirectoryAccess({ emits: ['scim.group_created', ...MEMBER_EVENTS] })
  @ReturnsScim(ScimGroupResponse, 201)
  create(@Body() body: unknown, @Query() query: ScimQuery) {
    return this.groups.create(body, query);
  }

  @Put(':id')
  @DirectoryAccess({ emits: ['scim.group_updated', ...MEMBER_EVENTS] })
  @ReturnsScim(ScimGroupResponse)
  replace(
    @Param('id') id: string,
    @Body() body: unknown,
    @Headers('if-match') ifMatch: string | undefined,
    @Query() query: ScimQuery,
  ) {
    return this.groups.replace(id, body, ifMatch, query);
  }

  @Patch(':id')
  @DirectoryAccess({ emits: ['scim.group_updated', ...MEMBER_EVENTS] })
  @ReturnsScim(ScimGroupResponse)
  patch(
    @Param('id') id: string,
    @Body() body: unknown,
    @Headers('if-match') ifMatch: string | undefined,
    @Query() query: ScimQuery,
  ) {
    return this.groups.patch(id, body, ifMatch, query);
  }

  @Delete(':id')
  @DirectoryAccess({ emits: ['scim.group_deleted', ...MEMBER_EVENTS] })
  @Returns.nothing()
  delete(@Param('id') id: string, @Headers('if-match') ifMatch: string | undefined) {
    return this.groups.delete(id, ifMatch);
  }
}
