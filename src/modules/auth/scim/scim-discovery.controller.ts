import { Controller, Get, Param } from '@nestjs/common';
import { ScimAccess } from '../../../platform/access/decorators.js';
import { AppConfig } from '../../../platform/config/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { resourceTypes, schemas, serviceProviderConfig } from './scim-documents.js';
import { baseUrl, listResource } from './scim-resources.js';
import type { Json } from './scim-values.js';
import { ScimResponseType, ScimDocumentResponse, ScimDocumentsResponse } from './scim.dto.js';

/** The discovery documents of the service for SCIM clients (RFC 7644 section 4). */
@Controller('scim/v2')
export class ScimDiscoveryController {
  private readonly base: string;

  constructor(app: AppConfig) {
    this.base = baseUrl(app);
  }

  @Get('ServiceProviderConfig')
  @ScimAccess({})
  @ScimResponseType(ScimDocumentResponse)
  config() {
    return serviceProviderConfig(this.base);
  }

  /** The path of SCIM 1.1, which some directories still request. */
  @Get('ServiceProviderConfigs')
  @ScimAccess({})
  @ScimResponseType(ScimDocumentResponse)
  earlierConfig() {
    return serviceProviderConfig(this.base);
  }

  /** The path that Microsoft's reference requests use. */
  @Get('serviceConfiguration')
  @ScimAccess({})
  @ScimResponseType(ScimDocumentResponse)
  referenceConfig() {
    return serviceProviderConfig(this.base);
  }

  @Get('ResourceTypes')
  @ScimAccess({})
  @ScimResponseType(ScimDocumentsResponse)
  resourceTypes() {
    return all(resourceTypes(this.base));
  }

  @Get('ResourceTypes/:id')
  @ScimAccess({})
  @ScimResponseType(ScimDocumentResponse)
  resourceType(@Param('id') id: string) {
    return one(resourceTypes(this.base), id);
  }

  @Get('Schemas')
  @ScimAccess({})
  @ScimResponseType(ScimDocumentsResponse)
  schemas() {
    return all(schemas(this.base));
  }

  @Get('Schemas/:id')
  @ScimAccess({})
  @ScimResponseType(ScimDocumentResponse)
  schema(@Param('id') id: string) {
    return one(schemas(this.base), id);
  }
}

function all(documents: readonly Json[]): Json {
  return listResource(documents.length, { offset: 0 }, documents);
}

function one(documents: readonly Json[], id: string): Json {
  const found = documents.find((document) => document['id'] === id);
  if (found === undefined) throw new Problem('not_found');
  return found;
}
