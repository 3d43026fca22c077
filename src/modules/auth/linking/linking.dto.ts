import { Expose } from 'class-transformer';
import { IsString, MaxLength, MinLength } from 'class-validator';
import { MayBeAbsent } from '../../../platform/http/fields.js';
import { ProofDto } from '../mfa/index.js';

/**
 * A proof of an account. Exactly one of the fields must be present. A factor other than a passkey needs the password
 * first.
 */
export class LinkProofDto extends ProofDto {
  @MayBeAbsent()
  @IsString()
  @MinLength(1)
  @MaxLength(1_000)
  password?: string;
}

/** An offer to link an identity at a provider to an account that exists. */
export class LinkResponse {
  /** The name of the connection. */
  @Expose() connection: string;
  @Expose() organization: string;
  /** The e-mail address of the account. */
  @Expose() email: string;
  /** The name that the provider sent; null if it sent none. */
  @Expose() providerName: string | null;
  /** `password`: prove with a password or passkey. `factor`: prove with a factor. `confirm`: the proof is complete. */
  @Expose() step: string;
  /** The kinds of factors that the user can present at the step `factor`. */
  @Expose() methods: string[];
  /** The member's name and role; null before the proof. */
  @Expose() name: string | null;
  @Expose() role: string | null;
  /** The role after the link, which the provider's groups decide; null before the proof. */
  @Expose() newRole: string | null;
}
