import { z } from 'zod';
import { cookieName, sessionCookie } from './cookies.js';
import { errorStatus } from './errors.js';
import type { Route } from './http.js';

/** RFC 9457, with the stable code of `errors.ts` and, where fields were wrong, a code for each. */
export const problem = z.object({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  code: z.enum(Object.keys(errorStatus) as [keyof typeof errorStatus]),
  requestId: z.uuid(),
  fields: z.record(z.string(), z.string()).optional(),
  state: z.string().optional(),
  allowed: z.array(z.string()).optional(),
});

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output') => {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
};

/** Describes the JSON API from its routes (OpenAPI 3.1). */
export function describeApi(routes: Route[], { publicUrl, secure }: { publicUrl: string; secure: boolean }): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes.filter(({ path }) => path.startsWith('/api/v1/'))) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Vestibule',
      version: '1',
      description: 'Self-registration. Every change needs the header `vestibule-request` (any value).',
    },
    servers: [{ url: publicUrl }],
    paths,
    components: {
      schemas: { Problem: jsonSchema(problem, 'output') },
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: cookieName(sessionCookie, secure) },
        apiKey: { type: 'http', scheme: 'bearer', description: 'A key from the Console, with the scopes it needs' },
      },
    },
  };
}

function operation(route: Route): object {
  const { method, path, summary, body, query, headers = {}, responses = {} } = route;
  const parameters = [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => parameter('path', name!)),
    ...(method === 'get' ? [] : [parameter('header', 'vestibule-request', 'Proof that no other site sent this')]),
    ...Object.entries(headers).map(([name, description]) => parameter('header', name, description)),
    ...(query ? queryParameters(query) : []),
  ];
  return {
    summary,
    ...security(route),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: json(jsonSchema(body, 'input')) } } : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(responses).map(([status, answer]) => [
          status,
          {
            description: answer.description,
            ...(answer.body ? { content: json(jsonSchema(answer.body, 'output')) } : {}),
          },
        ]),
      ),
      default: {
        description: 'A refusal, with its stable code',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function security({ audience, scope }: Route): object {
  if (audience === 'machine') return { security: [{ apiKey: [scope] }] };
  return audience === 'user' || audience === 'user-admin' ? { security: [{ session: [] }] } : {};
}

/** What may stand behind the question mark, as it is sent: text. */
const queryParameters = (query: z.ZodObject) => {
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...schema } = property as { description?: string };
    return { name, in: 'query', required: required.includes(name), schema, ...(description ? { description } : {}) };
  });
};

const parameter = (place: string, name: string, description?: string) => ({
  name,
  in: place,
  required: true,
  schema: { type: 'string' },
  ...(description ? { description } : {}),
});
const json = (schema: object) => ({ 'application/json': { schema } });
