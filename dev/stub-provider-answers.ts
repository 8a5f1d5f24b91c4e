import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Context } from 'koa';
import type { StubPartner } from './stub-provider-partners.js';

/** How the stub answers lookups, so that tests can meet every kind of broken provider (security.md §0.4). */
export const stubModes = [
  'ok',
  /** Knows nobody. */
  'not-found',
  /** Answers, but after three seconds. */
  'slow',
  /** Takes the request and never answers. */
  'hang',
  '500',
  /** Asks to come again after five seconds. */
  '503',
  /** Half a JSON document. */
  'garbage',
  /** A login page with status 200, as proxies send. */
  'html',
  /** Megabytes of valid JSON. */
  'huge',
  /** A small body that unfolds to hundreds of megabytes. */
  'gzip-bomb',
  /** To the right answer, for whoever follows. */
  'redirect',
  /** A JSON object whose fields hold something else than they should. */
  'wrong-types',
  /** The connection is reset. */
  'reset',
] as const;

export type StubMode = (typeof stubModes)[number];

/** In milliseconds. */
const slowPause = 3_000;
/** In seconds. */
const retryAfter = 5;
const mebibyte = 1024 * 1024;
const hugeSize = 4 * mebibyte;
/** A gzip file may be made of many: each of these unfolds to a mebibyte. */
const bombMembers = 256;

const hugeBody = once(() => JSON.stringify({ company: { name: 'x'.repeat(hugeSize) } }));
const bombBody = once(() => {
  const member = gzipSync(Buffer.alloc(mebibyte, ' '));
  return Buffer.concat(new Array(bombMembers).fill(member));
});

const loginPage = '<!doctype html><title>Log in</title><h1>Please log in</h1>';

/** Answers a lookup as the mode wants; `partner` is who has the code. */
export async function answerLookup(ctx: Context, mode: StubMode, partner: StubPartner | undefined) {
  if (mode === 'hang' || mode === 'reset') {
    ctx.respond = false;
    if (mode === 'reset') ctx.req.socket.resetAndDestroy();
  } else if (mode === 'slow') {
    await delay(slowPause, undefined, { ref: false });
    answerHonestly(ctx, partner);
  } else if (mode === 'ok' || (mode === 'redirect' && ctx.query.followed)) answerHonestly(ctx, partner);
  else answerBadly[mode](ctx);
}

function answerHonestly(ctx: Context, partner: StubPartner | undefined) {
  if (!partner) return answerBadly['not-found'](ctx);
  const { code: _, ...answer } = partner;
  ctx.body = answer;
}

const answerBadly: Record<Exclude<StubMode, 'ok' | 'slow' | 'hang' | 'reset'>, (ctx: Context) => void> = {
  'not-found': (ctx) => {
    ctx.status = 404;
    ctx.body = { error: 'unknown code' };
  },
  '500': (ctx) => {
    ctx.status = 500;
    ctx.body = { error: 'database is locked at 10.20.30.40' };
  },
  '503': (ctx) => {
    ctx.status = 503;
    ctx.set('Retry-After', String(retryAfter));
    ctx.body = { error: 'maintenance' };
  },
  garbage: (ctx) => {
    ctx.type = 'json';
    ctx.body = '{"company":{"na';
  },
  html: (ctx) => {
    ctx.type = 'html';
    ctx.body = loginPage;
  },
  huge: (ctx) => {
    ctx.type = 'json';
    ctx.body = hugeBody();
  },
  'gzip-bomb': (ctx) => {
    ctx.type = 'json';
    ctx.set('Content-Encoding', 'gzip');
    ctx.body = bombBody();
  },
  redirect: (ctx) => {
    ctx.redirect(`${ctx.path}?followed=yes`);
  },
  'wrong-types': (ctx) => {
    ctx.body = { id: { number: 7 }, company: { name: 42, vat: ['DE298471536'] }, address: 'Hamburg' };
  },
};

function once<Value>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
