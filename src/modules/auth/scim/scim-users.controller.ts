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
import { ScimUsersService, type ScimQuery } from './scim-users.service.js';
import { ReturnsScim, ScimUserResponse, ScimUsersResponse } from './scim.dto.js';

/** RFC 7644 section 3, for Users. */
@Controller('scim/v2/Users')
@UseInterceptors(ScimHeaders)
export class ScimUsersController {
  constructor(private readonly users: ScimUsersService) {}

  @Get()
  @DirectoryAccess({ emits: ['scim.read'] })
  @ReturnsScim(ScimUsersResponse)
  list(@Query() query: ScimQuery) {
    return this.users.list(query);
  }

  @Get(':id')
  @DirectoryAccess({ emits: ['scim.read'] })
  @ReturnsScim(ScimUserResponse)
  read(@Param('id') id: string, @Query() query: ScimQuery) {
    return this.users.read(id, query);
  }

  @Post()
  @DirectoryAccess({ emits: ['scim.user_provisioned', 'scim.user_linked', ...MEMBER_EVENTS] })
  @ReturnsScim(ScimUserResponse, 201)
  create(@Body() body: unknown, @Query() query: ScimQuery) {
    return this.users.create(body, query);
  }

  @Put(':id')
  @DirectoryAccess({ emits: ['scim.user_updated', ...MEMBER_EVENTS] })
  @ReturnsScim(ScimUserResponse)
  replace(
    @Param('id') id: string,
    @Body() body: unknown,
    @Headers('if-match') ifMatch: string | undefined,
    @Query() query: ScimQuery,
  ) {
    return this.users.replace(id, body, ifMatch, query);
  }

  @Patch(':id')
  @DirectoryAccess({ emits: ['scim.user_updated', ...MEMBER_EVENTS] })
  @ReturnsScim(ScimUserResponse)
  patch(
    @Param('id') id: string,
    @Body() body: unknown,
    @Headers('if-match') ifMatch: string | undefined,
    @Query() query: ScimQuery,
  ) {
    return this.users.patch(id, body, ifMatch, query);
  }

  @Delete(':id')
  @DirectoryAccess({ emits: ['scim.user_deleted', ...MEMBER_EVENTS] })
  @Returns.nothing()
  delete(@Param('id') id: string, @Headers('if-match') ifMatch: string | undefined) {
    return this.users.delete(id, ifMatch);
  }
}
