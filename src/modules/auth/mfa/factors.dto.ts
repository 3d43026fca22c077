import { Expose, Type } from 'class-transformer';
import { IsBoolean, IsObject, IsString, Length, Matches, MaxLength, MinLength } from 'class-validator';
import { MayBeAbsent } from '../../../platform/http/fields.js';

/** What shows who somebody is: exactly one. */
export class ProofDto {
  /** Six digits. */
  @MayBeAbsent()
  @Matches(/^\d{6}$/)
  totp?: string;

  @MayBeAbsent()
  @IsString()
  @Length(1, 40)
  recoveryCode?: string;

  /** What `navigator.credentials.get()` answers, as JSON (WebAuthn level 3, section 5.1.8). */
  @MayBeAbsent()
  @IsObject()
  passkey?: Record<string, unknown>;
}

export class MfaDto extends ProofDto {
  /** Asks for the second factor to be left out on this device for a while, where the organization allows it. */
  @MayBeAbsent()
  @IsBoolean()
  rememberDevice?: boolean;
}

export class StepUpDto extends ProofDto {
  /** Only of a user without any second factor. */
  @MayBeAbsent()
  @IsString()
  @MinLength(1)
  @MaxLength(1_000)
  password?: string;
}

export class TotpCodeDto {
  /** Six digits. */
  @Matches(/^\d{6}$/)
  code: string;
}

export class PasskeyNameDto {
  @IsString()
  @Length(1, 100)
  name: string;
}

export class NewPasskeyDto extends PasskeyNameDto {
  /** What `navigator.credentials.create()` answers, as JSON. */
  @IsObject()
  credential: Record<string, unknown>;
}

export class PasskeyAnswerDto {
  /** What `navigator.credentials.get()` answers, as JSON. */
  @IsObject()
  credential: Record<string, unknown>;
}

export class FactorsResponse {
  /** Since when time-based codes are asked for; null where they are not. */
  @Expose() totpConfirmedAt: Date | null;
  /** How many. */
  @Expose() passkeys: number;
  @Expose() recoveryCodesLeft: number;
}

export class TotpEnrolmentResponse {
  /** Base32, for typing it in. */
  @Expose() secret: string;
  /** `otpauth:`, for a QR code. */
  @Expose() uri: string;
}

/** Shown this once. Empty where there were some left from before. */
export class RecoveryCodesResponse {
  @Expose() recoveryCodes: string[];
}

export class AddedPasskeyResponse extends RecoveryCodesResponse {
  @Expose() id: string;
}

export class PasskeyResponse {
  @Expose() id: string;
  @Expose() name: string;
  /** Whether it is kept in several places, such as a password manager's cloud. */
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

/** For `PublicKeyCredential.parseRequestOptionsFromJSON()`. */
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

/** For `PublicKeyCredential.parseCreationOptionsFromJSON()`. */
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
