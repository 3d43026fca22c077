import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { MayBeAbsent } from './fields.js';

/** The query parameters of every list: `?limit=&cursor=`. */
export class PageQuery {
  /** The number of items to return, 1 to 200. */
  @MayBeAbsent()
  @ApiPropertyOptional({ type: 'integer', default: 50 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit = 50;

  /** The `nextCursor` of the previous page. */
  @MayBeAbsent()
  @IsString()
  @MaxLength(1024)
  cursor?: string;
}
