import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { RequestError } from '../errors.js';
import { bodyOf, type Context, type Route, seeOther } from '../http.js';
import { languages } from '../i18n.js';
import { chooseLanguage } from '../middleware/language.js';
import type { Wiring } from './wiring.js';

const assetFolder = fileURLToPath(new URL('../assets/', import.meta.url));
const languageForm = z.strictObject({
  language: z.enum(languages),
  returnTo: z.string().max(2_000).optional(),
  formToken: z.string().optional(),
});
/** Readiness must be told within ten seconds of the fault (security.md R7). */
const readyWithin = 3_000;

/** What is no subject of its own: entry, language, assets, health. */
export function systemRoutes({ services: { db }, client, secure }: Wiring): Route[] {
  const assets = loadAssets();

  function serveAsset(ctx: Context) {
    const asset = assets.get(ctx.path.slice('/assets/'.length));
    if (!asset) throw new RequestError('notFound');
    ctx.type = asset.type;
    ctx.etag = asset.etag;
    ctx.set('Cache-Control', 'public, max-age=300');
    ctx.status = 200;
    if (ctx.fresh) ctx.status = 304;
    else ctx.body = asset.content;
  }

  function switchLanguage(ctx: Context) {
    const { language, returnTo = '/' } = bodyOf(ctx, languageForm);
    chooseLanguage(ctx, language, { secure });
    // A path of this site and nothing that a browser could take for another one (security.md T15).
    seeOther(ctx, /^\/(?![/\\])[\w\-./?=&%+]*$/.test(returnTo) ? returnTo : '/');
  }

  async function ready(ctx: Context) {
    const within = <Value>(promise: Promise<Value>) =>
      Promise.race([
        promise.then(() => true),
        new Promise<false>((resolve) => setTimeout(resolve, readyWithin, false).unref()),
      ]).catch(() => false);
    const [database, engine] = await Promise.all([
      within(Promise.resolve(db.raw('select 1'))),
      within(client.withDeadline(Date.now() + readyWithin, () => client.workflowService.getSystemInfo({}))),
    ]);
    ctx.status = database && engine ? 200 : 503;
    ctx.body = { ready: database && engine, database, engine };
  }

  const alive = (ctx: Context) => {
    ctx.body = { alive: true };
  };
  return [
    { kind: 'page', method: 'get', path: '/', audience: 'public', handle: (ctx) => ctx.redirect('/login') },
    { kind: 'page', method: 'get', path: '/assets/*name', audience: 'public', handle: serveAsset },
    { kind: 'page', method: 'post', path: '/language', audience: 'public', body: languageForm, handle: switchLanguage },
    { kind: 'api', method: 'get', path: '/healthz', audience: 'public', handle: alive },
    { kind: 'api', method: 'get', path: '/readyz', audience: 'public', handle: ready },
  ];
}

interface Asset {
  type: string;
  etag: string;
  content: Buffer;
}

/** A handful of small files; read once, so that a request never touches the disk. */
function loadAssets(): Map<string, Asset> {
  return new Map(
    readdirSync(assetFolder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = join(entry.parentPath, entry.name);
        const content = readFileSync(file);
        const etag = createHash('sha256').update(content).digest('base64url').slice(0, 22);
        return [relative(assetFolder, file), { content, etag, type: extname(file) }];
      }),
  );
}
