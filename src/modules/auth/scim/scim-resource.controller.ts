import {
  applyDecorators,
  Body,
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
import { ScimAccess } from '../../../platform/access/decorators.js';
import type { AuditEventType } from '../../../platform/feature/registry.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { ScimHeaders } from './scim-headers.interceptor.js';
import { MEMBER_EVENTS } from './scim-log.js';
import type { ScimQuery, ScimResourceService, ScimResourceType } from './scim-resource.service.js';
import type { ResourceMeta } from './scim-resources.js';
import { ScimResponseType } from './scim.dto.js';

type ScimResponse = Parameters<typeof ScimResponseType>[0];

/** The response types and events of the routes of one resource type. */
interface ScimRoutes {
  readonly resource: ScimResponse;
  readonly list: ScimResponse;
  /** The events of the resource; each route adds those of members. */
  readonly created: readonly AuditEventType[];
  readonly updated: AuditEventType;
  readonly deleted: AuditEventType;
}

/** Declares a route for SCIM clients that returns a resource or a list. */
function ScimRoute(
  type: ScimResponse,
  emits: readonly AuditEventType[],
  options?: Parameters<typeof ScimResponseType>[1],
): MethodDecorator {
  return applyDecorators(ScimAccess({ emits }), ScimResponseType(type, options));
}

/** Returns a controller base class with the routes of RFC 7644 section 3 for one resource type. */
export function ScimResourceController<Row extends ResourceMeta>(routes: ScimRoutes) {
  const { resource, list, created, updated, deleted } = routes;
  @UseInterceptors(ScimHeaders)
  abstract class ResourceController {
    abstract readonly type: ScimResourceType<Row>;

    constructor(readonly resources: ScimResourceService) {}

    @Get()
    @ScimRoute(list, ['scim.read'])
    list(@Query() query: ScimQuery) {
      return this.resources.list(this.type, query);
    }

    @Get(':id')
    @ScimRoute(resource, ['scim.read'])
    read(@Param('id') id: string, @Query() query: ScimQuery) {
      return this.resources.read(this.type, id, query);
    }

    @Post()
    @ScimRoute(resource, [...created, ...MEMBER_EVENTS], { status: 201 })
    create(@Body() body: unknown, @Query() query: ScimQuery) {
      return this.resources.create(this.type, body, query);
    }

    @Put(':id')
    @ScimRoute(resource, [updated, ...MEMBER_EVENTS])
    replace(
      @Param('id') id: string,
      @Body() body: unknown,
      @Headers('if-match') ifMatch: string | undefined,
      @Query() query: ScimQuery,
    ) {
      return this.resources.change(this.type, 'replace', { id, body, ifMatch, query });
    }

    /** Returns 204, or the resource if the request selects attributes (RFC 7644 section 3.5.2). */
    @Patch(':id')
    @ScimRoute(resource, [updated, ...MEMBER_EVENTS], { isOptional: true })
    patch(
      @Param('id') id: string,
      @Body() body: unknown,
      @Headers('if-match') ifMatch: string | undefined,
      @Query() query: ScimQuery,
    ) {
      return this.resources.change(this.type, 'patch', { id, body, ifMatch, query });
    }

    @Delete(':id')
    @ScimAccess({ emits: [deleted, ...MEMBER_EVENTS] })
    @ResponseType.nothing()
    delete(@Param('id') id: string, @Headers('if-match') ifMatch: string | undefined) {
      return this.resources.delete(this.type, id, ifMatch);
    }
  }
  return ResourceController;
}
