import { Expose, Type } from 'class-transformer';
import { IsIn } from 'class-validator';
import { StaffOnly } from '../../../platform/http/audience.js';
import { GUIDED, type GuidedProvider } from './setup-guide.js';

export class GuideQuery {
  @IsIn(GUIDED)
  provider: GuidedProvider;
}

/** A field of the provider's own form, and what to enter there. */
export class GuideField {
  @Expose() field: string;
  @Expose() value: string;
}

/** An attribute to send: its name, and where the provider takes its value from. */
export class GuideAttribute {
  @Expose() name: string;
  @Expose() source: string;
  @Expose() purpose: string;
}

export class GuideResponse {
  @StaffOnly() provider: string;
  @StaffOnly() protocol: string;
  @StaffOnly() @Type(() => GuideField) fields: GuideField[];
  @StaffOnly() @Type(() => GuideAttribute) attributes: GuideAttribute[];
  /** What to tell us afterwards. */
  @StaffOnly() afterwards: string[];
}
