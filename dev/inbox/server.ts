import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import Router, { type RouterContext } from '@koa/router';
import Koa, { type Context, type Next } from 'koa';
import type { CaughtMail, MailStore } from '../caught-mail.js';
import { type SinkMode, type SmtpSink, sinkModes } from '../smtp-sink.js';
import { htmlDocument } from './html-document.js';
import { renderInbox, renderMail, renderNotFound } from './pages.js';

export interface InboxOptions {
  /** 0: any free one. */
  port: number;
  store: MailStore;
  sink: Pick<SmtpSink, 'mode' | 'setMode'>;
}

/** What a mail's HTML may do in its frame: be clicked. `escape-sandbox` lets the page behind a link work normally. */
const frameRights = 'allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation';
const pagePolicy =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; frame-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const mailPolicy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox ${frameRights}`;
const localNames = new Set(['localhost', '127.0.0.1', '[::1]']);
/** More is not needed for `{"mode": "…"}`, in bytes. */
const bodyLimit = 1024;

const readAsset = (path: string) => readFileSync(new URL(path, import.meta.url));
const assets = new Map([
  [
    '/pico.css',
    { type: 'css', body: readFileSync(createRequire(import.meta.url).resolve('@picocss/pico/css/pico.min.css')) },
  ],
  ['/inbox.css', { type: 'css', body: readAsset('inbox.css') }],
  ['/refresh.js', { type: 'js', body: readAsset('refresh.js') }],
]);

/** Serves the inbox page and its JSON API on loopback. */
export async function startInbox({ port, store, sink }: InboxOptions) {
  const app = new Koa();
  app.use(refuseStrangers);
  app.use(setSafetyHeaders);
  app.use(createRoutes(store, sink).routes());
  const server = createServer(app.callback()).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * The mails hold links that open accounts. A foreign web page must neither read them by pointing its own name at 127.0.0.1
 * (DNS rebinding) nor delete them by posting a form here.
 */
async function refuseStrangers(ctx: Context, next: Next) {
  const site = ctx.get('Sec-Fetch-Site');
  const changes = ctx.method !== 'GET' && ctx.method !== 'HEAD';
  const isLocal = localNames.has(ctx.host.replace(/:\d+$/, ''));
  if (isLocal && !(changes && site && site !== 'same-origin' && site !== 'none')) return next();
  ctx.status = 403;
  ctx.body = 'The development mailbox answers only to this machine.';
}

async function setSafetyHeaders(ctx: Context, next: Next) {
  ctx.set({
    'Content-Security-Policy': pagePolicy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
  });
  await next();
}

function createRoutes(store: MailStore, sink: InboxOptions['sink']): Router {
  const router = new Router();
  const withMail = (show: (ctx: RouterContext, mail: CaughtMail) => void) => (ctx: RouterContext) => {
    const mail = store.find(ctx.params.id ?? '');
    if (mail) return show(ctx, mail);
    ctx.status = 404;
    ctx.body = renderNotFound();
  };
  for (const [path, { type, body }] of assets) {
    router.get(path, (ctx) => {
      ctx.type = type;
      ctx.body = body;
    });
  }
  router.get('/', (ctx) => {
    ctx.body = renderInbox(store.list().reverse(), sink.mode());
  });
  router.get(
    '/messages/:id',
    withMail((ctx, mail) => {
      ctx.body = renderMail(mail, { view: String(ctx.query.view ?? ''), frameRights });
    }),
  );
  router.get(
    '/messages/:id/html',
    withMail((ctx, mail) => {
      ctx.set('Content-Security-Policy', mailPolicy);
      ctx.type = 'html';
      ctx.body = htmlDocument(mail.html);
    }),
  );
  router.get(
    '/messages/:id/source',
    withMail((ctx, mail) => {
      ctx.attachment(`${mail.id}.eml`);
      ctx.type = 'message/rfc822';
      ctx.body = mail.raw;
    }),
  );
  router.post('/messages/delete', (ctx) => {
    store.clear();
    ctx.status = 303;
    ctx.redirect('/');
  });
  addJsonRoutes(router, store, sink);
  return router;
}

function addJsonRoutes(router: Router, store: MailStore, sink: InboxOptions['sink']) {
  router.get('/api/messages', (ctx) => {
    ctx.body = store.list();
  });
  router.delete('/api/messages', (ctx) => {
    store.clear();
    ctx.status = 204;
  });
  router.get('/api/mode', (ctx) => {
    ctx.body = { mode: sink.mode() };
  });
  router.post('/api/mode', async (ctx) => {
    const mode = await readMode(ctx);
    if (mode) sink.setMode(mode);
    ctx.status = mode ? 200 : 400;
    ctx.body = mode ? { mode } : { error: `"mode" must be one of ${sinkModes.join(', ')}.` };
  });
}

async function readMode(ctx: RouterContext): Promise<SinkMode | undefined> {
  let body = '';
  for await (const chunk of ctx.req) {
    body += chunk;
    if (body.length > bodyLimit) return undefined;
  }
  try {
    const { mode } = JSON.parse(body);
    return sinkModes.find((known) => known === mode);
  } catch {
    return undefined;
  }
}
