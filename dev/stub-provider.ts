import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import Router from '@koa/router';
import Koa, { type Context, type Next } from 'koa';
import { answerLookup, type StubMode, stubModes } from './stub-provider-answers.js';
import { renderStubPage } from './stub-provider-page.js';
import { demoPartners, findPartner, type StubPartner } from './stub-provider-partners.js';

export { type StubMode, stubModes } from './stub-provider-answers.js';
export { demoMapping, demoPartners, type StubPartner } from './stub-provider-partners.js';

/** A lookup as it arrived; of credentials only their kind. */
export interface StubRequest {
  /** ISO 8601. */
  at: string;
  method: string;
  /** With the query. */
  path: string;
  code: string;
  /** How it was answered. */
  mode: StubMode;
  idempotencyKey: string;
  /** Such as `Bearer`. */
  authentication: string;
  timestamp: string;
  keyId: string;
  signature: string;
}

export interface StubProvider {
  url: string;
  mode(): StubMode;
  /** For the next lookups. */
  setMode(mode: StubMode): void;
  /** Oldest first; only the latest are kept. */
  requests(): StubRequest[];
  stop(): Promise<void>;
}

export interface StubProviderOptions {
  /** 0: any free one. */
  port: number;
  mode?: StubMode;
  partners?: StubPartner[];
}

interface Stub {
  mode: StubMode;
  partners: StubPartner[];
  requests: StubRequest[];
}

const mostRequests = 200;
/** In bytes. */
const bodyLimit = 16 * 1024;
const client = { id: 'vestibule', secret: 'stub-secret' };
/** In seconds. */
const tokenTtl = 3_600;
const localNames = new Set(['localhost', '127.0.0.1', '[::1]']);
const pagePolicy =
  "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const styles = new Map([
  ['/pico.css', readFileSync(createRequire(import.meta.url).resolve('@picocss/pico/css/pico.min.css'))],
  ['/stub-provider.css', readFileSync(new URL('stub-provider.css', import.meta.url))],
]);

/** Starts a Partner Provider on loopback that knows a few demo partners and can play a broken one. */
export async function startStubProvider(options: StubProviderOptions): Promise<StubProvider> {
  const stub: Stub = { mode: options.mode ?? 'ok', partners: options.partners ?? demoPartners, requests: [] };
  const app = new Koa();
  // A caller that goes away in the middle, as tests do on purpose, is no failure of the stub.
  app.on('error', () => {});
  app.use(refuseStrangers);
  app.use(createRoutes(stub).routes());
  const server = createServer(app.callback()).listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mode: () => stub.mode,
    setMode: (mode) => {
      stub.mode = mode;
    },
    requests: () => [...stub.requests],
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A foreign web page must not break the demo by posting a form here, nor read it under a name of its own. */
async function refuseStrangers(ctx: Context, next: Next) {
  const site = ctx.get('Sec-Fetch-Site');
  const isLocal = localNames.has(ctx.host.replace(/:\d+$/, ''));
  if (isLocal && (ctx.method === 'GET' || !site || site === 'same-origin' || site === 'none')) return next();
  ctx.status = 403;
  ctx.body = 'The stub provider answers only to this machine.';
}

function createRoutes(stub: Stub): Router {
  const router = new Router();
  for (const [path, style] of styles) {
    router.get(path, (ctx) => {
      ctx.type = 'css';
      ctx.body = style;
    });
  }
  router.get('/', (ctx) => {
    ctx.set({ 'Content-Security-Policy': pagePolicy, 'Cache-Control': 'no-store' });
    // The one that the deployment lists, under whatever name the page was opened.
    ctx.body = renderStubPage({ ...stub, origin: `http://127.0.0.1:${ctx.socket.localPort}`, client });
  });
  router.post('/mode', (ctx) => changeMode(ctx, stub));
  router.get('/requests', (ctx) => {
    ctx.body = stub.requests;
  });
  router.get('/partners/:code', (ctx) => lookUp(ctx, stub, ctx.params.code ?? ''));
  router.post('/partners', async (ctx) => {
    await lookUp(ctx, stub, codeIn(await readBody(ctx)));
  });
  router.post('/token', issueToken);
  return router;
}

async function lookUp(ctx: Context, stub: Stub, code: string) {
  const { mode, partners, requests } = stub;
  requests.push({
    at: new Date().toISOString(),
    method: ctx.method,
    path: ctx.url,
    code,
    mode,
    idempotencyKey: ctx.get('Idempotency-Key'),
    authentication: ctx.get('Authorization').split(' ')[0] ?? '',
    timestamp: ctx.get('Vestibule-Timestamp'),
    keyId: ctx.get('Vestibule-Key-Id'),
    signature: ctx.get('Vestibule-Signature'),
  });
  if (requests.length > mostRequests) requests.shift();
  await answerLookup(ctx, mode, findPartner(partners, code));
}

/** From the page's buttons as a form; from tests also as JSON, which is answered as such. */
async function changeMode(ctx: Context, stub: Stub) {
  const asJson = Boolean(ctx.is('json'));
  const body = await readBody(ctx);
  const wanted = asJson ? fieldOf(body, 'mode') : new URLSearchParams(body).get('mode');
  const mode = stubModes.find((known) => known === wanted);
  if (mode) stub.mode = mode;
  if (mode && !asJson) {
    ctx.redirect('/');
    ctx.status = 303;
    return;
  }
  ctx.status = mode ? 200 : 400;
  ctx.body = mode ? { mode } : { error: `"mode" must be one of ${stubModes.join(', ')}.` };
}

/** OAuth 2.0 client credentials (RFC 6749, 4.4). */
async function issueToken(ctx: Context) {
  const form = new URLSearchParams(await readBody(ctx));
  const [id, secret] = Buffer.from(ctx.get('Authorization').replace(/^Basic /i, ''), 'base64')
    .toString()
    .split(':');
  const isKnown =
    (id === client.id && secret === client.secret) ||
    (form.get('client_id') === client.id && form.get('client_secret') === client.secret);
  ctx.set('Cache-Control', 'no-store');
  if (form.get('grant_type') !== 'client_credentials') refuse(ctx, 400, 'unsupported_grant_type');
  else if (!isKnown) refuse(ctx, 401, 'invalid_client');
  else ctx.body = { access_token: crypto.randomUUID(), token_type: 'Bearer', expires_in: tokenTtl };
}

function refuse(ctx: Context, status: number, error: string) {
  ctx.status = status;
  ctx.body = { error };
}

async function readBody(ctx: Context): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of ctx.req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) ctx.throw(413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

const codeIn = (body: string): string => String(fieldOf(body, 'code') ?? '');

function fieldOf(body: string, name: string): unknown {
  try {
    return JSON.parse(body)?.[name];
  } catch {
    return undefined;
  }
}
