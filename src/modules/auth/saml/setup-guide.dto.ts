import { Expose, Type } from 'class-transformer';
import { IsIn } from 'class-validator';
import { StaffOnly } from '../../../platform/http/audience.js';
import { MetadataWarningResponse } from '../sso/index.js';
import { GUIDED, type GuidedProvider } from './setup-guide.js';

export class GuideQuery {
  @IsIn(GUIDED)
  provider: GuidedProvider;
}

/** A field in the provider's configuration form, and the value to enter. */
export class GuideField {
  @Expose() field: string;
  @Expose() value: string;
}

/** An attribute that the provider must send. It has a name and a source of its value. */
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
  /** The settings to send to this API, followed by the remaining setup steps. */
  @StaffOnly() nextSteps: string[];
  /** The parts of the provider's metadata that are not used. */
  @StaffOnly() @Type(() => MetadataWarningResponse) metadataWarnings: MetadataWarningResponse[];
}
