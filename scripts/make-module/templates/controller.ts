import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Patch, Post, Query } from '@nestjs/common';
import { Create$Thing$Dto, $Thing$Response, Update$Thing$Dto } from './$things$.dto.js';
import { $Things$Service } from './$things$.service.js';
import { Access } from '../../platform/access/decorators.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';
import { ResponseType } from '../../platform/http/response-type.js';

@Controller('v1/$things$')
export class $Things$Controller {
  constructor(private readonly $camelThings$: $Things$Service) {}

  @Get()
  @Access('$thing$:read')
  @ResponseType($Thing$Response, { list: true })
  list(@Query() query: PageQuery) {
    return this.$camelThings$.list(query);
  }

  @Post()
  @Access('$thing$:write', { emits: ['$event$.created'] })
  @ResponseType($Thing$Response, { status: 201 })
  create(@Body() body: Create$Thing$Dto) {
    return this.$camelThings$.create(body);
  }

  @Get(':id')
  @Access('$thing$:read')
  @ResponseType($Thing$Response)
  read(@Param('id', ParseUUIDPipe) id: string) {
    return this.$camelThings$.read(id);
  }

  @Patch(':id')
  @Access('$thing$:write', { emits: ['$event$.updated'] })
  @ResponseType($Thing$Response)
  update(@Param('id', ParseUUIDPipe) id: string, @Body() body: Update$Thing$Dto) {
    return this.$camelThings$.update(id, body);
  }

  @Delete(':id')
  @Access('$thing$:write', { emits: ['$event$.deleted'] })
  @ResponseType.nothing()
  remove(@Param('id', ParseUUIDPipe) id: string) {
    return this.$camelThings$.remove(id);
  }
}
