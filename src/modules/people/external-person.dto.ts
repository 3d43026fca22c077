import { OmitType } from '@nestjs/swagger';
import { IsIn, IsString, Length } from 'class-validator';
import { IsOneLine, MayBeAbsent } from '../../platform/http/fields.js';
import { CreatePersonDto } from './people.dto.js';
import { STATUSES, type PersonFields } from './person.js';

/** A person in the format of a partner system. An absent field stays unchanged. Null clears a field. */
export class ExternalPersonDto extends OmitType(CreatePersonDto, ['externalId'] as const) {
  @IsString()
  @Length(1, 100)
  @IsOneLine()
  externalId: string;

  @MayBeAbsent()
  @IsIn(STATUSES)
  status?: PersonFields['status'];
}
