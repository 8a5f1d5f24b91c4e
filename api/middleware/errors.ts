import { randomUUID } from 'node:crypto';
import type { Middleware } from 'koa';
import { NotFoundError } from 'objection';
import { errorCode } from '../../db/error-code.js';
import type { Logger } from '../../db/log.js';
import { User } from '../../db/models.js';
import { RequestError } from '../errors.js';
import type { Context } from '../http.js';
import { translator } from '../i18n.js';
import { ErrorPage } from '../pages/error-page.js';
import { showPage } from '../show-page.js';

/**
 * Ends every request: gives it an id and a line in the log, and turns what was thrown into an answer. Of an unknown
 * error nothing is shown but that id.
 */
export const koaErrors =
  (log: Logger): Middleware =>
  async (koaContext, next) => {
    const ctx = koaContext as unknown as Context;
    const started = performance.now();
    ctx.state.requestId = randomUUID();
    ctx.state.log = log.child({ requestId: ctx.state.requestId });
    ctx.set('X-Request-Id', ctx.state.requestId);
    try {
      await next();
      if (ctx.status === 404 && !ctx.body) throw new RequestError('notFound');
      // `Allow` is set; 501 is the router's word for a method that no route has.
      if (ctx.status === 405 || ctx.status === 501) throw new RequestError('methodNotAllowed');
    } catch (error) {
      answer(ctx, known(error) ?? unknown(ctx, error));
    }
    const { method, status } = ctx;
    // The route's pattern, not the path: paths carry tokens (security.md T10).
    const route = (ctx as { routerPath?: string; _matchedRoute?: unknown })._matchedRoute ?? 'none';
    const milliseconds = Math.round(performance.now() - started);
    ctx.state.log.info({ method, route, status, milliseconds }, 'request');
  };

function known(error: unknown): RequestError | undefined {
  if (error instanceof RequestError) return error;
  // The account was deleted while it was asked about.
  if (error instanceof NotFoundError && error.modelClass === User) return new RequestError('unauthenticated');
  const { status, expose } = error as { status?: number; expose?: boolean };
  if (!expose) return undefined;
  if (status === 413) return new RequestError('payloadTooLarge');
  return status && status < 500 ? new RequestError('badRequest') : undefined;
}

function unknown(ctx: Context, error: unknown): RequestError {
  ctx.state.log.error({ err: error }, 'unexpected error');
  return new RequestError(isOverload(error) ? 'busy' : 'internal', isOverload(error) ? { retryAfter: 5 } : {});
}

/** PostgreSQL away, starting, too slow, or out of room or connections, or this process out of files: nothing is wrong with the request. */
function isOverload(error: unknown): boolean {
  const { name, message } = error as { name?: string; message?: string };
  const code = errorCode(error);
  // The client's own time limits and lost connections have no code, only these sentences.
  if (!code && /^(Query read timeout|timeout e|Connection (terminated|ended))/.test(driverMessage(message)))
    return true;
  return name === 'KnexTimeoutError' || /^(ECONN|ETIMEDOUT|EMFILE|ENFILE|57|58|53|08|25P03|40)/.test(code ?? '');
}

/** Without the statement that knex puts before it. */
const driverMessage = (message = ''): string => message.slice(message.lastIndexOf(' - ') + 1).replace(/^- /, '');

function answer(ctx: Context, error: RequestError): void {
  const { code, status, details } = error;
  const { retryAfter, ...shown } = details;
  ctx.status = status;
  ctx.set('Cache-Control', 'no-store');
  if (retryAfter) ctx.set('Retry-After', String(retryAfter));
  const { requestId } = ctx.state;
  if (ctx.path.startsWith('/api/') || ctx.get('vestibule-request')) {
    const title = translator('en')(`errors.${code}`, { seconds: retryAfter });
    ctx.body = { type: 'about:blank', title, status, code, requestId, ...shown };
    ctx.type = 'application/problem+json';
    return;
  }
  showPage(ctx, ErrorPage, { status, code, requestId, seconds: retryAfter }, status);
}
