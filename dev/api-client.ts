/**
 * Writes the types of the machine API (`api/client/schema.d.ts`) from its OpenAPI description, in the form that
 * openapi-fetch takes; with `--check` it only compares. Only what a program with an API key may call is in it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type AppOptions, allRoutes } from '../api/app.js';
import { describeApi } from '../api/openapi.js';

const target = fileURLToPath(new URL('../../api/client/schema.d.ts', import.meta.url));

interface Schema {
  $ref?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  type?: string | string[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
}
interface Operation {
  summary: string;
  parameters?: { name: string; in: string; required: boolean; schema: Schema; description?: string }[];
  responses: Record<string, { description: string; content?: Record<string, { schema: Schema }> }>;
}
interface Description {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** A schema as TypeScript says it; what it has no word for (patterns, lengths) is the server's to check. */
function typeOf(schema: Schema): string {
  if (schema.$ref) return `components['schemas']['${schema.$ref.split('/').at(-1)}']`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' | ');
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type })).join(' | ');
  if (schema.type === 'array') return `(${typeOf(schema.items ?? {})})[]`;
  if (schema.type === 'object') return objectType(schema);
  if (schema.type === 'integer') return 'number';
  return schema.type ?? 'unknown';
}

function objectType({ properties, required = [], additionalProperties }: Schema): string {
  if (!properties)
    return `{ [key: string]: ${typeof additionalProperties === 'object' ? typeOf(additionalProperties) : 'unknown'} }`;
  const fields = Object.entries(properties).map(
    ([name, field]) => `${name}${required.includes(name) ? '' : '?'}: ${typeOf(field)};`,
  );
  return `{ ${fields.join(' ')} }`;
}

function operationType({ summary, parameters = [], responses }: Operation): string {
  const places = ['query', 'header', 'path', 'cookie'].map((place) => {
    const those = parameters.filter((parameter) => parameter.in === place);
    if (those.length === 0) return `${place}?: never;`;
    const fields = those.map(
      ({ name, required, schema, description }) =>
        `${description ? `/** ${description} */ ` : ''}'${name}'${required ? '' : '?'}: ${typeOf(schema)};`,
    );
    return `${place}${those.some(({ required }) => required) ? '' : '?'}: { ${fields.join(' ')} };`;
  });
  const answers = Object.entries(responses).map(([status, { content }]) => {
    const bodies = Object.entries(content ?? {}).map(([type, { schema }]) => `'${type}': ${typeOf(schema)};`);
    return `${status}: { headers: { [name: string]: unknown }; content${content ? `: { ${bodies.join(' ')} }` : '?: never'} };`;
  });
  return `/** ${summary} */\n    get: {\n      parameters: { ${places.join(' ')} };\n      requestBody?: never;\n      responses: {\n        ${answers.join('\n        ')}\n      };\n    };`;
}

function toTypes({ paths, components }: Description): string {
  const lines = Object.entries(paths).map(
    ([path, { get }]) =>
      `  '${path}': {\n    parameters: { query?: never; header?: never; path?: never; cookie?: never };\n    ${operationType(get!)}\n  };`,
  );
  // New codes come with new versions, and a client has to live with them.
  const { Problem: { properties, ...problem } = {}, ...others } = components.schemas;
  const schemas = { ...others, Problem: { ...problem, properties: { ...properties, code: { type: 'string' } } } };
  const named = Object.entries(schemas).map(([name, schema]) => `    ${name}: ${typeOf(schema)};`);
  return [
    '/** Generated from the OpenAPI description by "npm run client"; changes by hand are lost. */',
    `export interface paths {\n${lines.join('\n')}\n}`,
    `export interface components {\n  schemas: {\n${named.join('\n')}\n  };\n}`,
    '',
  ].join('\n');
}

/** The routes as the product has them; their handlers are not called. */
const wiring = { services: {}, publicUrl: 'https://vestibule.example', secure: true } as unknown as AppOptions;
const routes = allRoutes(wiring).filter(({ audience }) => audience === 'machine');
const types = toTypes(describeApi(routes, wiring) as Description);

if (!process.argv.includes('--check')) writeFileSync(target, types);
else if (!existsSync(target) || readFileSync(target, 'utf8') !== types) {
  process.stderr.write('api/client/schema.d.ts is not what the routes say: npm run client\n');
  process.exitCode = 1;
}
