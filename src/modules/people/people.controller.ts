import { Body, Controller, Get, Param, ParseUUIDPipe, Patch, Post, Query } from '@nestjs/common';
import { Access } from '../../platform/access/decorators.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';
import { ResponseType } from '../../platform/http/response-type.js';
import { PersonChangeResponse } from './history.dto.js';
import { HistoryService } from './history.service.js';
import {
  ContactResponse,
  CreatePersonDto,
  PeopleQuery,
  PersonResponse,
  PersonSummary,
  UpdatePersonDto,
} from './people.dto.js';
import { PeopleService } from './people.service.js';

@Controller('v1/people')
export class PeopleController {
  constructor(
    private readonly people: PeopleService,
    private readonly history: HistoryService,
  ) {}

  @Get()
  @Access('person:read')
  @ResponseType(PersonSummary, { list: true })
  list(@Query() query: PeopleQuery) {
    return this.people.list(query);
  }

  @Post()
  @Access('person:create', { emits: ['person.created'] })
  @ResponseType(PersonResponse, { status: 201 })
  create(@Body() body: CreatePersonDto) {
    return this.people.create(body);
  }

  @Get(':id')
  @Access('person:read', { emits: ['person.viewed'] })
  @ResponseType(PersonResponse)
  read(@Param('id', ParseUUIDPipe) id: string) {
    return this.people.read(id);
  }

  @Patch(':id')
  @Access('person:update', { emits: ['person.updated'] })
  @ResponseType(PersonResponse)
  update(@Param('id', ParseUUIDPipe) id: string, @Body() body: UpdatePersonDto) {
    return this.people.update(id, body);
  }

  @Get(':id/contact')
  @Access('person:unlock-contact', { emits: ['person.contact_unlocked'] })
  @ResponseType(ContactResponse)
  contact(@Param('id', ParseUUIDPipe) id: string) {
    return this.people.unlockContact(id);
  }

  @Get(':id/history')
  @Access('person:read-history', { emits: ['person.history_viewed'] })
  @ResponseType(PersonChangeResponse, { list: true })
  changes(@Param('id', ParseUUIDPipe) id: string, @Query() query: PageQuery) {
    return this.history.list(id, query);
  }
}
