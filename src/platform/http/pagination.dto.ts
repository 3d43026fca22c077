import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { MayBeAbsent } from './fields.js';

/** `?limit=&cursor=` of every list. */
export class PageQuery {
  /** How many items to return, 1 to 200. */
  @MayBeAbsent()
  @ApiPropertyOptional({ type: 'integer', default: 50 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit = 50;

  /** The `nextCursor` of the page before. */
  @MayBeAbsent()
  @IsString()
  @MaxLength(1024)
  cursor?: string;
}
