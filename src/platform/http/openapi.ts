import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { AppConfig } from '../config/app.config.js';
import { fieldsOf } from './serializer.js';
import { responseClasses } from './response-type.js';

type Responses = NonNullable<OpenAPIObject['paths'][string]['get']>['responses'];

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'requestId'],
  properties: {
    type: { type: 'string', description: 'urn:vouchsafe:problem: followed by the code' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'The stable error code for programs' },
    detail: { type: 'string' },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'message'],
        properties: { field: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

const PROBLEM_RESPONSE = {
  description: 'An error as problem details (RFC 9457)',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

const STAFF_ONLY = 'Portal roles do not receive this field.';

/** Builds the OpenAPI document of all routes with their problem responses and authentication schemes. */
export function buildOpenApi(app: INestApplication): OpenAPIObject {
  const { cookieName, origin } = app.get(AppConfig);
  const builder = new DocumentBuilder()
    .setTitle('Vouchsafe')
    .setDescription(
      'Lists are { items, nextCursor }; times are RFC 3339 UTC; errors are problem details with a stable ' +
        'code. x-permission is the permission that a route requires. x-access is signed-in if every member ' +
        'has access, and scim if only a SCIM client has access. x-public is the reason why a route needs no ' +
        'authentication. x-step-up-minutes is the maximum age of the last sign-in or step-up.',
    )
    .setVersion('1')
    .addServer(origin)
    .addCookieAuth(cookieName, { type: 'apiKey', in: 'cookie', name: cookieName }, 'session')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', bearerFormat: 'vs_ and 49 characters', description: 'An API key' },
      'key',
    )
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'vs_scim_ and 49 characters',
        description: 'A SCIM token of a connection',
      },
      'scim',
    )
    .addSecurityRequirements('session')
    .addSecurityRequirements('key')
    .build();
  const document = SwaggerModule.createDocument(app, builder, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: PROBLEM_SCHEMA },
  };
  markStaffOnly(document);
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) {
      const operation = path[method];
      if (operation === undefined) continue;
      operation.responses = { ...declaredOnly(operation.responses), default: PROBLEM_RESPONSE };
      operation.summary ||= inWords(operation.operationId ?? '');
    }
  }
  return document;
}

/** Returns the words of an operation id: `WebhookSources_listDeliveries` gives `Webhook sources: list deliveries`. */
function inWords(operationId: string): string {
  const words = (name: string): string => name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return operationId.split('_').map(words).join(': ');
}

/** Removes the empty 201 that the generator adds to every POST, if the route declares another response. */
function declaredOnly(responses: Responses): Responses {
  const { 201: created, ...others } = responses;
  const assumed = created !== undefined && !('$ref' in created) && created.description === '';
  return assumed && Object.keys(others).length > 0 ? others : responses;
}

/** Adds a note to each staff-only field and makes it optional. */
function markStaffOnly({ components }: OpenAPIObject): void {
  for (const type of responseClasses()) {
    const schema = (components?.schemas?.[type.name] ?? {}) as {
      properties?: Record<string, { $ref?: string; description?: string }>;
      required?: string[];
    };
    const staffOnlyFields = new Set(
      fieldsOf(type)
        .filter(({ staffOnly }) => staffOnly)
        .map(({ name }) => name),
    );
    for (const [name, { $ref, description, ...rest }] of Object.entries(schema.properties ?? {}).filter(([field]) =>
      staffOnlyFields.has(field),
    )) {
      schema.properties![name] = {
        ...rest,
        ...($ref !== undefined && { allOf: [{ $ref }] }),
        description: [description, STAFF_ONLY].filter(Boolean).join(' '),
      };
    }
    const required = schema.required?.filter((name) => !staffOnlyFields.has(name)) ?? [];
    if (required.length > 0) schema.required = required;
    else delete schema.required; // an empty list is not allowed (OpenAPI 3.0.3, Schema Object)
  }
}
