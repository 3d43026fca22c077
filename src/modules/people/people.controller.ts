import { Body, Controller, Get, Param, ParseUUIDPipe, Patch, Post, Query } from '@nestjs/common';
import { Access } from '../../platform/access/decorators.js';
import { Returns } from '../../platform/http/returns.js';
import { ContactResponse, CreatePersonDto, PeopleQuery, PersonResponse, PersonSummary, UpdatePersonDto } from './people.dto.js';
import { PeopleService } from './people.service.js';

@Controller('v1/people')
export class PeopleController {
  constructor(private readonly people: PeopleService) {}

  @Get()
  @Access('person:read')
  @Returns(PersonSummary, { list: true })
  list(@Query() query: PeopleQuery) {
    return this.people.list(query);
  }

  @Post()
  @Access('person:create', { emits: ['person.created'] })
  @Returns(PersonResponse, { status: 201 })
  create(@Body() body: CreatePersonDto) {
    return this.people.create(body);
  }

  @Get(':id')
  @Access('person:read', { emits: ['person.viewed'] })
  @Returns(PersonResponse)
  read(@Param('id', ParseUUIDPipe) id: string) {
    return this.people.read(id);
  }

  @Patch(':id')
  @Access('person:update', { emits: ['person.updated'] })
  @Returns(PersonResponse)
  update(@Param('id', ParseUUIDPipe) id: string, @Body() body: UpdatePersonDto) {
    return this.people.update(id, body);
  }

  @Get(':id/contact')
  @Access('person:contact', { emits: ['person.contact_unlocked'] })
  @Returns(ContactResponse)
  contact(@Param('id', ParseUUIDPipe) id: string) {
    return this.people.unlockContact(id);
  }
}
