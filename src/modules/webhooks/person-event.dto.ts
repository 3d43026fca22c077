import { OmitType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsDefined, IsIn, IsISO8601, IsObject, IsString, Length, ValidateNested } from 'class-validator';
import { IsOneLine, MayBeAbsent } from '../../platform/http/fields.js';
import { CreatePersonDto, STATUSES, type PersonFields } from '../people/index.js';

export const PERSON_EVENTS = ['person.created', 'person.updated', 'person.upserted'] as const;

/** The person a delivery is about, as the partner knows them: what is absent is left as it is, null empties a field. */
export class PersonEventData extends OmitType(CreatePersonDto, ['externalId'] as const) {
  @IsString()
  @Length(1, 100)
  @IsOneLine()
  externalId: string;

  @MayBeAbsent()
  @IsIn(STATUSES)
  status?: PersonFields['status'];
}

/** The body of a delivery. All three types do the same: the person is created when unknown, and changed otherwise. */
export class PersonEvent {
  @IsIn(PERSON_EVENTS)
  type: (typeof PERSON_EVENTS)[number];

  /** When it happened at the partner's. */
  @IsISO8601({ strict: true })
  timestamp: string;

  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => PersonEventData)
  data: PersonEventData;
}
