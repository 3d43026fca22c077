import { Expose } from 'class-transformer';
import { IsString, Length } from 'class-validator';
import { IsOneLine, MayBeAbsent } from '../../platform/http/fields.js';

export class Create$Thing$Dto {
  @IsString()
  @Length(1, 200)
  @IsOneLine()
  title: string;
}

/** An absent field does not change. */
export class Update$Thing$Dto {
  @MayBeAbsent()
  @IsString()
  @Length(1, 200)
  @IsOneLine()
  title?: string;
}

export class $Thing$Response {
  @Expose() id: string;
  @Expose() title: string;
  @Expose() createdAt: Date;
  @Expose() updatedAt: Date;
}
