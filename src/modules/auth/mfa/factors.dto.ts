import { Expose, Type } from 'class-transformer';
import { IsBoolean, IsObject, IsString, Length, Matches, MaxLength, MinLength } from 'class-validator';
import { IsOneLine, MayBeAbsent } from '../../../platform/http/fields.js';

/** A second factor. Exactly one of the factor fields must be present. */
export class ProofDto {
  /** Six digits. */
  @MayBeAbsent()
  @Matches(/^\d{6}$/, { message: 'must be six digits' })
  totp?: string;

  @MayBeAbsent()
  @IsString()
  @Length(1, 40)
  recoveryCode?: string;

  /** The result of `navigator.credentials.get()`, as JSON (WebAuthn level 3, section 5.1.8). */
  @MayBeAbsent()
  @IsObject()
  passkey?: Record<string, unknown>;
}

export class MfaDto extends ProofDto {
  /** Remembers this device, so that it needs no second factor for a limited time, if the organization allows it. */
  @MayBeAbsent()
  @IsBoolean()
  rememberDevice?: boolean;
}

export class StepUpDto extends ProofDto {
  /** The password. It is accepted only from a user without a second factor. */
  @MayBeAbsent()
  @IsString()
  @MinLength(1)
  @MaxLength(1_000)
  password?: string;
}

export class TotpCodeDto {
  /** Six digits. */
  @Matches(/^\d{6}$/, { message: 'must be six digits' })
  code: string;
}

export class PasskeyNameDto {
  @IsString()
  @Length(1, 100)
  @IsOneLine()
  name: string;
}

export class NewPasskeyDto extends PasskeyNameDto {
  /** The result of `navigator.credentials.create()`, as JSON. */
  @IsObject()
  credential: Record<string, unknown>;
}

export class PasskeyAnswerDto {
  /** The result of `navigator.credentials.get()`, as JSON. */
  @IsObject()
  credential: Record<string, unknown>;
}

export class FactorsResponse {
  /** The time when the authenticator app was confirmed; null when none is enrolled. */
  @Expose() totpConfirmedAt: Date | null;
  /** The number of passkeys. */
  @Expose() passkeys: number;
  @Expose() recoveryCodesLeft: number;
}

export class TotpEnrolmentResponse {
  /** The secret in base32, for manual entry. */
  @Expose() secret: string;
  /** The `otpauth:` URI, for a QR code. */
  @Expose() uri: string;
}

/** Recovery codes, which the API returns only once. The list is empty when the user still has unused codes. */
export class RecoveryCodesResponse {
  @Expose() recoveryCodes: string[];
}

export class AddedPasskeyResponse extends RecoveryCodesResponse {
  @Expose() id: string;
}

export class PasskeyResponse {
  @Expose() id: string;
  @Expose() name: string;
  /** Whether the passkey is backed up, for example by a password manager. */
  @Expose() backedUp: boolean;
  @Expose() createdAt: Date;
  @Expose() lastUsedAt: Date | null;
}

export class DeviceResponse {
  @Expose() id: string;
  @Expose() ip: string | null;
  @Expose() userAgent: string | null;
  @Expose() createdAt: Date;
  @Expose() expiresAt: Date;
}

export class CredentialDescriptor {
  @Expose() id: string;
  @Expose() type: string;
  @Expose() transports: string[];
}

/** The input of `PublicKeyCredential.parseRequestOptionsFromJSON()`. */
export class PasskeyRequestResponse {
  @Expose() challenge: string;
  @Expose() rpId: string;
  @Expose() timeout: number;
  @Expose() userVerification: string;
  @Expose() @Type(() => CredentialDescriptor) allowCredentials?: CredentialDescriptor[];
}

export class RelyingParty {
  @Expose() id: string;
  @Expose() name: string;
}

export class PasskeyUser {
  @Expose() id: string;
  @Expose() name: string;
  @Expose() displayName: string;
}

export class PasskeyParameter {
  @Expose() alg: number;
  @Expose() type: string;
}

export class AuthenticatorSelection {
  @Expose() residentKey: string;
  @Expose() requireResidentKey: boolean;
  @Expose() userVerification: string;
}

/** The input of `PublicKeyCredential.parseCreationOptionsFromJSON()`. */
export class PasskeyCreationResponse {
  @Expose() challenge: string;
  @Expose() @Type(() => RelyingParty) rp: RelyingParty;
  @Expose() @Type(() => PasskeyUser) user: PasskeyUser;
  @Expose() @Type(() => PasskeyParameter) pubKeyCredParams: PasskeyParameter[];
  @Expose() timeout: number;
  @Expose() attestation: string;
  @Expose() @Type(() => CredentialDescriptor) excludeCredentials: CredentialDescriptor[];
  @Expose() @Type(() => AuthenticatorSelection) authenticatorSelection: AuthenticatorSelection;
}
