import { Expose, Type } from 'class-transformer';
import { IsIn } from 'class-validator';
import { StaffOnly } from '../../../platform/http/audience.js';
import { GUIDED, type GuidedProvider } from './setup-guide.js';
import { MetadataWarningResponse } from './sso-connection.dto.js';

export class GuideQuery {
  @IsIn(GUIDED)
  provider: GuidedProvider;
}

/** A field in a form, and the value to enter. */
export class GuideField {
  @Expose() field: string;
  @Expose() value: string;
}

/** An attribute or claim that the provider must send. It has a name and a source of its value. */
export class GuideAttribute {
  @Expose() name: string;
  @Expose() source: string;
  @Expose() purpose: string;
}

export class GuideResponse {
  @StaffOnly() provider: string;
  @StaffOnly() protocol: string;
  /** Where the form is in the provider's console or configuration. */
  @StaffOnly() place: string;
  /** The fields of the provider's form. */
  @StaffOnly() @Type(() => GuideField) fields: GuideField[];
  @StaffOnly() @Type(() => GuideAttribute) attributes: GuideAttribute[];
  /** The settings of the connection that differ from the defaults. A list is in JSON. */
  @StaffOnly() @Type(() => GuideField) settings: GuideField[];
  /** The provider's data to send to this API, and the remaining setup steps. */
  @StaffOnly() nextSteps: string[];
  /** The parts of the provider's metadata that are not used, or the faults of an OpenID provider. */
  @StaffOnly() @Type(() => MetadataWarningResponse) metadataWarnings: MetadataWarningResponse[];
}
