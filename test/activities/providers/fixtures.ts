import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import { httpJson } from '../../../activities/providers/http-json/index.js';
import type { HttpJsonConfig } from '../../../activities/providers/http-json/settings.js';
import type { LookupTools } from '../../../activities/providers/plugin.js';
import { type StubMode, startStubProvider } from '../../../dev/stub-provider.js';

export const someCode = 'NORTH-7K3F-2M9T';

export const buildTools = (changes: Partial<LookupTools> = {}): LookupTools => ({
  lookupId: 'lookup-1',
  secrets: {},
  allowedOrigins: [],
  findListed: async () => undefined,
  ...changes,
});

/** A config as it is after its guard. */
export const buildConfig = (changes: object = {}): HttpJsonConfig =>
  httpJson.configGuard.parse({ url: 'https://partners.example/{code}', authentication: 'none', ...changes });

export async function startStub(t: ExecutionContext, mode: StubMode = 'ok') {
  const stub = await startStubProvider({ port: 0, mode });
  t.teardown(stub.stop);
  return stub;
}

export interface Asked {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** A provider whose answers the test scripts; remembers what it was asked. */
export async function startProvider(
  t: ExecutionContext,
  answer: (response: ServerResponse, asked: Asked) => void,
): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request;
    asked.push({ method, path, headers, body: Buffer.concat(await request.toArray()).toString() });
    answer(response, asked.at(-1)!);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** One lookup at `<url>/partners/{code}`, which the deployment lists. */
export const lookUpAt = (url: string, changes: { config?: object; code?: string; tools?: Partial<LookupTools> } = {}) =>
  httpJson.lookup(
    changes.code ?? someCode,
    buildConfig({ url: `${url}/partners/{code}`, ...changes.config }),
    buildTools({ allowedOrigins: [url], ...changes.tools }),
  );

export const sendJson = (response: ServerResponse, value: unknown, status = 200) => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};
