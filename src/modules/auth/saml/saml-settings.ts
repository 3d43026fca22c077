import { Injectable } from '@nestjs/common';
import { Clock } from '../../../platform/clock/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import { OutboundFetch, OutboundError } from '../../../platform/outbound/index.js';
import { certificatePem, httpsUrl, readIdpMetadata } from './idp-metadata.js';
import type { MetadataSource } from './metadata-source.js';
import { ProviderChoiceError, type ProviderChoice } from './provider-search.js';
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
  | 'metadataWarnings'
>;

/** The provider from fetched metadata, or the error with its code. */
export type Fetched =
  | { readonly provider: SamlProvider }
  | { readonly problem: string; readonly error: OutboundError | SamlError };

/** Files of federations have several megabytes. */
const FILE = { maxBytes: 20 * 1024 * 1024, timeoutMs: 30_000 };
const MAX_NAMED = 10;

/** Reads the settings of an identity provider: from its metadata, as a file or a URL, or from single fields. */
@Injectable()
export class ProviderSettings {
  constructor(
    private readonly outbound: OutboundFetch,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /**
   * Returns the columns that the body sets; none when the body describes no provider. `stored` is the connection that
   * the body changes. Throws `invalid_metadata`, `idp_entity_id_required`, or `invalid_request`.
   */
  async read(body: SamlProviderDto, stored?: SsoConnectionEntity): Promise<Partial<SsoConnectionEntity>> {
    const { metadata, metadataUrl, idpEntityId, ...rest } = body;
    const hasFile = metadata !== undefined || metadataUrl !== undefined;
    const hasFields = Object.values(rest).some((value) => value !== undefined);
    if ((metadata !== undefined && metadataUrl !== undefined) || (hasFile && hasFields)) {
      throw new Problem('invalid_request', {
        detail: 'Send only one of metadata, metadataUrl, or the single fields of the provider.',
      });
    }
    const choice = idpEntityId === undefined ? storedChoice(stored) : { entityId: idpEntityId, required: true };
    if (metadataUrl !== undefined) return this.fromUrl(metadataUrl, choice);
    const manual = { metadataUrl: null, metadataFetchedAt: null, metadataError: null, metadataWarnings: [] };
    if (metadata !== undefined) return { ...manual, ...(await asProblem(() => this.parse(metadata, choice))) };
    if (idpEntityId === undefined && !hasFields) return {};
    return { ...manual, ...(await asProblem(async () => fieldsOf(body))) };
  }

  /**
   * Fetches and reads metadata; a failure is returned with its code. The caller must not have an open transaction.
   */
  async fetch(url: string, choice?: ProviderChoice, timeoutMs = FILE.timeoutMs): Promise<Fetched> {
    try {
      return { provider: await this.parse(this.outbound.bytes(url, { ...FILE, timeoutMs }), choice) };
    } catch (error) {
      if (error instanceof OutboundError || error instanceof SamlError) return { problem: error.reason, error };
      throw error;
    }
  }

  private async fromUrl(metadataUrl: string, choice?: ProviderChoice): Promise<Partial<SsoConnectionEntity>> {
    const fetched = await this.unitOfWork.withoutTransaction(() => this.fetch(metadataUrl, choice));
    if ('problem' in fetched) throw metadataProblem(fetched.error);
    return { ...fetched.provider, metadataUrl, metadataFetchedAt: this.clock.now(), metadataError: null };
  }

  private async parse(file: MetadataSource, choice?: ProviderChoice): Promise<SamlProvider> {
    const { entityId, ssoUrl, ssoBinding, sloUrl, sloResponseUrl, sloBinding, certificates, scopes, warnings } =
      await readIdpMetadata(file, this.clock.millis(), choice);
    return {
      idpEntityId: entityId,
      idpSsoUrl: ssoUrl,
      idpSsoBinding: ssoBinding,
      idpSloUrl: sloUrl ?? null,
      idpSloResponseUrl: sloResponseUrl ?? null,
      idpSloBinding: sloBinding,
      idpCertificates: [...certificates],
      idpScopes: [...scopes],
      metadataWarnings: warnings,
    };
  }
}

/** Returns the choice that keeps the provider of a connection in a file of several. */
export function storedChoice(stored: Pick<SsoConnectionEntity, 'idpEntityId'> | undefined): ProviderChoice | undefined {
  const entityId = stored?.idpEntityId ?? undefined;
  return entityId === undefined ? undefined : { entityId, required: false };
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

async function asProblem<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof SamlError ? metadataProblem(error) : error;
  }
}

/** Returns the problem for metadata that cannot be used. It names the providers among which the caller must choose. */
function metadataProblem(cause: OutboundError | SamlError): Problem {
  if (!(cause instanceof ProviderChoiceError)) return new Problem('invalid_metadata', { detail: cause.reason, cause });
  const { entityIds, total } = cause;
  const named = entityIds.slice(0, MAX_NAMED).join(', ');
  const more = total > MAX_NAMED ? `, and ${total - MAX_NAMED} more` : '';
  return new Problem('idp_entity_id_required', {
    detail: `Set idpEntityId to one of: ${named}${more}.`,
    extensions: { entityIds, total },
    cause,
  });
}
