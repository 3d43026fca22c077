import { Injectable } from '@nestjs/common';
import { Clock } from '../../../platform/clock/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import { OutboundFetch, OutboundError } from '../../../platform/outbound/index.js';
import { certificatePem, httpsAddress, readIdpMetadata } from './idp-metadata.js';
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

/** The metadata at an address, read; or why not. */
export type Fetched = { readonly provider: SamlProvider } | { readonly problem: string };

/** Reads who an identity provider is: from its metadata, as a file or at an address, or from single fields. */
@Injectable()
export class ProviderSettings {
  constructor(
    private readonly outbound: OutboundFetch,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /**
   * What the caller says of the provider, as columns; none where they say nothing of it. Throws invalid_metadata,
   * invalid_request.
   */
  async read({ metadata, metadataUrl, ...fields }: SamlProviderDto): Promise<Partial<SsoConnectionEntity>> {
    const given = Object.values(fields).some((value) => value !== undefined);
    if ([metadata !== undefined, metadataUrl !== undefined, given].filter(Boolean).length > 1) {
      throw new Problem('invalid_request', {
        detail: 'metadata, metadataUrl and fields of the provider exclude each other',
      });
    }
    if (metadataUrl !== undefined) return this.fromAddress(metadataUrl);
    const manual = { metadataUrl: null, metadataFetchedAt: null, metadataError: null };
    if (metadata !== undefined) return { ...manual, ...refusing(() => this.parse(metadata)) };
    return given ? { ...manual, ...refusing(() => fieldsOf(fields)) } : {};
  }

  /** Fetches and reads metadata, with no transaction open: what it throws on is told by a code. */
  async fetch(url: string): Promise<Fetched> {
    try {
      return { provider: this.parse(await this.outbound.text(url)) };
    } catch (error) {
      if (error instanceof OutboundError || error instanceof SamlError) return { problem: error.reason };
      throw error;
    }
  }

  private async fromAddress(metadataUrl: string): Promise<Partial<SsoConnectionEntity>> {
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
    ...(idpSsoUrl !== undefined && { idpSsoUrl: httpsAddress(idpSsoUrl) }),
    ...(idpSloUrl !== undefined && { idpSloUrl: idpSloUrl === null ? null : httpsAddress(idpSloUrl) }),
    ...(idpCertificates !== undefined && {
      idpCertificates: [...new Set(idpCertificates.map((pem) => certificatePem(bareCertificate(pem))))],
    }),
  };
}

/** The base64 of a certificate, with or without the lines that frame it. */
function bareCertificate(pem: string): string {
  return pem.replaceAll(/-----(?:BEGIN|END) CERTIFICATE-----|\s/g, '');
}

function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SamlError) throw new Problem('invalid_metadata', { detail: error.reason, cause: error });
    throw error;
  }
}
