import { ensure, SamlError } from './saml-error.js';
import { METADATA, PROTOCOL } from './saml-names.js';
import { attribute, childrenNamed, XmlReader, type XmlElement, type XmlLimits } from './strict-xml.js';
import { textPieces, type MetadataSource } from './metadata-source.js';

/** The identity provider to select in a file of several. */
export interface ProviderChoice {
  readonly entityId: string;
  /** Whether the file must contain it. Otherwise, the only provider of a file is selected too. */
  readonly required: boolean;
}

/** An identity provider in a file. */
export interface FoundProvider {
  readonly entityId: string;
  /** The `IDPSSODescriptor`. */
  readonly descriptor: XmlElement;
  /** The values of `validUntil` of the descriptor and of all elements around it. */
  readonly validUntil: readonly string[];
}

/** Thrown when a file contains several identity providers, and the choice selects none or more than one. */
export class ProviderChoiceError extends SamlError {
  constructor(
    reason: 'metadata_ambiguous' | 'metadata_entity_unknown',
    /** The entity ids of the first providers in the file. */
    readonly entityIds: readonly string[],
    /** The number of providers in the file. */
    readonly total: number,
  ) {
    super(reason, `the file contains ${total} identity providers`);
  }
}

/** Federations publish files of several thousand entities. Only one entity at a time is in memory. */
const LIMITS: XmlLimits = {
  maxBytes: 20 * 1024 * 1024,
  maxDepth: 20,
  maxElements: 20_000,
  maxAttributes: 60_000,
  lenient: true,
};
const MAX_SHOWN = 100;
const MAX_ENTITY_ID = 1024;

/** Collects the identity providers of a file while it is read. It keeps the first and the chosen one. */
class ProviderSearch {
  private total = 0;
  private readonly entityIds: string[] = [];
  private first: FoundProvider | undefined;
  private readonly chosen: FoundProvider[] = [];

  constructor(private readonly choice: ProviderChoice | undefined) {}

  /** Takes the providers of an entity and releases the memory of the entity. */
  readonly keep = (element: XmlElement, enclosing: readonly XmlElement[]): boolean => {
    if (element.uri !== METADATA || element.local !== 'EntityDescriptor') return true;
    const entityId = attribute(element, 'entityID') ?? '';
    for (const descriptor of childrenNamed(element, METADATA, 'IDPSSODescriptor').filter(isSaml2)) {
      const validUntil = [...enclosing, element, descriptor].flatMap((one) => attribute(one, 'validUntil') ?? []);
      this.add({ entityId, descriptor, validUntil });
    }
    return false;
  };

  /** Returns the chosen provider, or the only one. Throws SamlError. */
  result(): FoundProvider {
    const { first, chosen, choice, total } = this;
    ensure(first !== undefined, 'metadata_not_idp', 'an IDPSSODescriptor for SAML 2.0 is required');
    if (chosen.length === 1) return chosen[0]!;
    if (chosen.length === 0 && choice?.required)
      throw new ProviderChoiceError('metadata_entity_unknown', this.entityIds, total);
    if (total > 1) throw new ProviderChoiceError('metadata_ambiguous', this.entityIds, total);
    return first;
  }

  private add(provider: FoundProvider): void {
    this.total += 1;
    if (this.total <= MAX_SHOWN) this.entityIds.push(provider.entityId.slice(0, MAX_ENTITY_ID));
    this.first ??= provider;
    if (provider.entityId === this.choice?.entityId && this.chosen.length < 2) this.chosen.push(provider);
  }
}

function isSaml2(descriptor: XmlElement): boolean {
  return (attribute(descriptor, 'protocolSupportEnumeration') ?? '').split(/\s+/).includes(PROTOCOL);
}

/**
 * Finds one identity provider in a metadata file. It does not build the tree of the whole file, so the memory does not
 * depend on the number of entities. Throws SamlError, and {@link ProviderChoiceError} when the choice is not clear.
 */
export async function findProvider(source: MetadataSource, choice?: ProviderChoice): Promise<FoundProvider> {
  const search = new ProviderSearch(choice);
  const reader = new XmlReader(LIMITS, search.keep);
  for await (const piece of textPieces(source)) reader.write(piece);
  const root = reader.close();
  ensure(
    root.uri === METADATA && ['EntityDescriptor', 'EntitiesDescriptor'].includes(root.local),
    'metadata_not_idp',
    'an EntityDescriptor is required',
  );
  return search.result();
}
