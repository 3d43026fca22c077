import { Injectable } from '@nestjs/common';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type AuthenticatorTransport,
  type RegistrationResponseJSON,
} from '@simplewebauthn/server';
import { AppConfig } from '../../../platform/config/index.js';
import { Kms } from '../../../platform/crypto/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { CHALLENGE_MS, Challenges, type Ceremony } from './challenges.js';
import type { Factors } from './factors.repository.js';
import { PasskeysRepository, type NewPasskey } from './passkeys.repository.js';
import type { PresentedFactor } from './presented-factor.js';
import { readable, UserKey } from './user-key.js';

const RP_NAME = 'Vouchsafe';

/** A verified passkey assertion and its user. */
export interface VerifiedPasskey {
  userId: string;
  presented: PresentedFactor & { kind: 'passkey' };
  /** The stored counter. An assertion whose counter is not greater indicates a clone. */
  counterBefore: number;
}

/**
 * Passkey registration and authentication (WebAuthn level 3, section 7). Always requires user verification and the
 * application's own origin.
 */
@Injectable()
export class PasskeyCeremonies {
  constructor(
    private readonly passkeys: PasskeysRepository,
    private readonly challenges: Challenges,
    private readonly kms: Kms,
    private readonly app: AppConfig,
  ) {}

  /** Returns the options for `navigator.credentials.create()`: a resident key with the user's id as its handle. */
  async creationOptions({ userId, email, passkeys }: Factors, browser: string) {
    const challenge = await this.challenges.issue({ purpose: 'register', browser, userId });
    return generateRegistrationOptions({
      rpName: RP_NAME,
      rpID: this.rpId,
      userName: email,
      userDisplayName: email,
      userID: handleOf(userId),
      challenge: bytesOf(challenge),
      timeout: CHALLENGE_MS,
      attestationType: 'none',
      excludeCredentials: passkeys.map(describe),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
  }

  /** Verifies a registration and returns the new credential. Throws `passkey_verification_failed`. */
  async verifyRegistration(
    answer: Record<string, unknown>,
    ceremony: Ceremony,
  ): Promise<Pick<NewPasskey, 'credentialId' | 'publicKey' | 'counter' | 'transports' | 'backedUp'>> {
    const response = answer as unknown as RegistrationResponseJSON;
    const { registrationInfo } = await orVerificationFailed(
      verifyRegistrationResponse({
        response,
        requireUserVerification: true,
        expectedOrigin: this.app.origin,
        expectedRPID: this.rpId,
        ...this.expecting(ceremony),
      }),
    );
    if (registrationInfo === undefined) throw new Problem('passkey_verification_failed');
    const {
      credential: { id, publicKey, counter, transports = [] },
      credentialBackedUp: backedUp,
    } = registrationInfo;
    return {
      credentialId: Buffer.from(id, 'base64url'),
      publicKey: Buffer.from(publicKey),
      counter,
      transports: transports.filter(isTransport),
      backedUp,
    };
  }

  /** Returns the options for `navigator.credentials.get()`: for the given passkeys, or for all if none is given. */
  async requestOptions(ceremony: Ceremony, allowed: Factors['passkeys'] = []) {
    const challenge = await this.challenges.issue(ceremony);
    return generateAuthenticationOptions({
      rpID: this.rpId,
      challenge: bytesOf(challenge),
      timeout: CHALLENGE_MS,
      userVerification: 'required',
      ...(allowed.length > 0 && { allowCredentials: allowed.map(describe) }),
    });
  }

  /** Verifies an assertion, and only then decrypts the passkey's proof. Throws `passkey_verification_failed`. */
  async verifyAssertion(answer: Record<string, unknown>, ceremony: Ceremony): Promise<VerifiedPasskey> {
    const response = answer as unknown as AuthenticationResponseJSON;
    const credentialId = Buffer.from(typeof response.id === 'string' ? response.id : '', 'base64url');
    const found = await this.passkeys.find(credentialId);
    if (found === null || (ceremony.userId ?? found.user_id) !== found.user_id)
      throw new Problem('passkey_verification_failed');
    const { userHandle } = (response.response ?? {}) as { userHandle?: unknown };
    if (userHandle !== undefined && userHandle !== Buffer.from(handleOf(found.user_id)).toString('base64url'))
      throw new Problem('passkey_verification_failed');
    // The database compares the counter, because only there do parallel assertions see each other.
    const credential = {
      id: credentialId.toString('base64url'),
      publicKey: new Uint8Array(found.public_key),
      counter: 0,
    };
    const { verified, authenticationInfo } = await orVerificationFailed(
      verifyAuthenticationResponse({
        response,
        credential,
        requireUserVerification: true,
        expectedOrigin: this.app.origin,
        expectedRPID: this.rpId,
        ...this.expecting(ceremony),
      }),
    );
    if (!verified) throw new Problem('passkey_verification_failed');
    const opened = await readable(async () =>
      (await UserKey.unwrap(this.kms, found.user_id, found.wrapped)).open('passkeys', found.id, found.sealed),
    );
    if (opened === null) throw new Problem('passkey_verification_failed');
    return {
      userId: found.user_id,
      counterBefore: Number(found.counter),
      presented: { kind: 'passkey', proof: opened.proof, credentialId, counter: authenticationInfo.newCounter },
    };
  }

  private expecting(ceremony: Ceremony): { expectedChallenge: (challenge: string) => Promise<boolean> } {
    return { expectedChallenge: (challenge) => this.challenges.consume(ceremony, challenge) };
  }

  private get rpId(): string {
    return new URL(this.app.origin).hostname;
  }
}

/** Converts an error of the library to `passkey_verification_failed`. The library's message appears only in the log. */
async function orVerificationFailed<T>(verification: Promise<T>): Promise<T> {
  try {
    return await verification;
  } catch (cause) {
    throw cause instanceof Problem ? cause : new Problem('passkey_verification_failed', { cause });
  }
}

function describe({ id, transports }: Factors['passkeys'][number]) {
  return { id: Buffer.from(id, 'hex').toString('base64url'), transports: transports as AuthenticatorTransport[] };
}

/** Returns a user's id as 16 bytes. The handle contains no personal data, as section 14.6.1 requires. */
function handleOf(userId: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(userId.replaceAll('-', ''), 'hex'));
}

function bytesOf(challenge: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(challenge, 'base64url'));
}

function isTransport(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z-]{1,20}$/.test(value);
}
