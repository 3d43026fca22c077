import { Injectable } from '@nestjs/common';
import { Clock } from '../../../platform/clock/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import { OutboundFetch, OutboundError } from '../../../platform/outbound/index.js';
import { certificatePem, httpsUrl, readIdpMetadata } from './idp-metadata.js';
import { SamlError } from './saml-error.js';
import type { SamlProviderDto, SsoConnectionEntity } from '../sso/index.js';

/** The columns of a connection that a SAML identity provider's metadata decides. */
export type SamlProvider = Pick<
  SsoConnectionEntity,
  | 'idpEntityId'
  | 'idpSsoUrl'
  | 'idpSsoBinding'
  | 'idpSloUrl'
  | 'idpSloResponseUrl'
  | 'idpSloBinding'
  | 'idpCertificates'
  | 'idpScopes'
>;

/** The provider from fetched metadata, or the error code. */
export type Fetched = { readonly provider: SamlProvider } | { readonly problem: string };

/** Reads the settings of an identity provider: from its metadata, as a file or a URL, or from single fields. */
@Injectable()
export class ProviderSettings {
  constructor(
    private readonly outbound: OutboundFetch,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /**
   * Returns the columns that the body sets; none when the body describes no provider. Throws `invalid_metadata` or
   * `invalid_request`.
   */
  async read({ metadata, metadataUrl, ...fields }: SamlProviderDto): Promise<Partial<SsoConnectionEntity>> {
    const given = Object.values(fields).some((value) => value !== undefined);
    if ([metadata !== undefined, metadataUrl !== undefined, given].filter(Boolean).length > 1) {
      throw new Problem('invalid_request', {
        detail: 'Send only one of metadata, metadataUrl, or the single fields of the provider.',
      });
    }
    if (metadataUrl !== undefined) return this.fromUrl(metadataUrl);
    const manual = { metadataUrl: null, metadataFetchedAt: null, metadataError: null };
    if (metadata !== undefined) return { ...manual, ...asProblem(() => this.parse(metadata)) };
    return given ? { ...manual, ...asProblem(() => fieldsOf(fields)) } : {};
  }

  /** Fetches and reads metadata; a failure is returned as a code. The caller must not have an open transaction. */
  async fetch(url: string): Promise<Fetched> {
    try {
      return { provider: this.parse(await this.outbound.text(url)) };
    } catch (error) {
      if (error instanceof OutboundError || error instanceof SamlError) return { problem: error.reason };
      throw error;
    }
  }

  private async fromUrl(metadataUrl: string): Promise<Partial<SsoConnectionEntity>> {
    const fetched = await this.unitOfWork.withoutTransaction(() => this.fetch(metadataUrl));
    if ('problem' in fetched) throw new Problem('invalid_metadata', { detail: fetched.problem });
    return { ...fetched.provider, metadataUrl, metadataFetchedAt: this.clock.now(), metadataError: null };
  }

  private parse(xml: string): SamlProvider {
    const { entityId, ssoUrl, ssoBinding, sloUrl, sloResponseUrl, sloBinding, certificates, scopes } = readIdpMetadata(
      xml,
      this.clock.millis(),
    );
    return {
      idpEntityId: entityId,
      idpSsoUrl: ssoUrl,
      idpSsoBinding: ssoBinding,
      idpSloUrl: sloUrl ?? null,
      idpSloResponseUrl: sloResponseUrl ?? null,
      idpSloBinding: sloBinding,
      idpCertificates: [...certificates],
      idpScopes: [...scopes],
    };
  }
}

function fieldsOf({
  idpEntityId,
  idpSsoUrl,
  idpSloUrl,
  idpCertificates,
}: SamlProviderDto): Partial<SsoConnectionEntity> {
  return {
    ...(idpEntityId !== undefined && { idpEntityId }),
    ...(idpSsoUrl !== undefined && { idpSsoUrl: httpsUrl(idpSsoUrl) }),
    ...(idpSloUrl !== undefined && { idpSloUrl: idpSloUrl === null ? null : httpsUrl(idpSloUrl) }),
    ...(idpCertificates !== undefined && {
      idpCertificates: [...new Set(idpCertificates.map((pem) => certificatePem(bareCertificate(pem))))],
    }),
  };
}

/** Returns the base64 text of a certificate without the PEM lines. */
function bareCertificate(pem: string): string {
  return pem.replaceAll(/-----(?:BEGIN|END) CERTIFICATE-----|\s/g, '');
}

function asProblem<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SamlError) throw new Problem('invalid_metadata', { detail: error.reason, cause: error });
    throw error;
  }
}
