/** The shape of every route; the router, the audience check, the body check and OpenAPI are all made from it. */
import type { RouterContext } from '@koa/router';
import type { z } from 'zod';
import type { ApiScope, Machine } from '../db/api-keys.js';
import type { Logger } from '../db/log.js';
import type { Language } from './i18n.js';
import type { Forms } from './middleware/form-token.js';
import type { PendingStep, StaffSession, UserSession } from './sessions.js';

/**
 * Who may call a route; there is no default (security.md A1). `link`: whoever presents the token in the path. `user-admin`:
 * users who may manage the users of their organisation. `machine`: programs of the host platform, by an API key with the
 * route's scope; cookies count for nothing there. Of staff, each role may do what the ones before it may (A15).
 */
export type Audience =
  | 'public'
  | 'link'
  | 'user'
  | 'user-admin'
  | 'machine'
  | 'staff-viewer'
  | 'staff-operator'
  | 'staff-admin';

export interface RequestState {
  requestId: string;
  log: Logger;
  /** Where the request came from, for limits: an IPv4 address or an IPv6 /64 (security.md L3). */
  source: string;
  language: Language;
  /** By the person, in this browser. */
  languageChosen: boolean;
  forms: Forms;
  user?: UserSession;
  staff?: StaffSession;
  machine?: Machine;
}

export type Context = RouterContext<RequestState>;

export interface Route {
  method: 'get' | 'post' | 'put' | 'delete';
  path: string;
  audience: Audience;
  /** Of machines: what their key has to be good for. */
  scope?: ApiScope;
  /** `page`: answers HTML and takes forms. `api`: answers and takes JSON. */
  kind: 'page' | 'api';
  /** Of the API, for its description. */
  summary?: string;
  /** A closed object. */
  body?: z.ZodObject;
  /** What else is wrong with a body that the schema refuses, by field: who typed it is told everything at once. */
  moreFaults?(ctx: Context, body: unknown): Promise<Record<string, string>>;
  /** Bytes, where a body may be larger than others. */
  bodyLimit?: number;
  query?: z.ZodObject;
  /** Headers a client sends with it, name → description. */
  headers?: Record<string, string>;
  /** Every answer that is no error. */
  responses?: Record<number, { description: string; body?: z.ZodType }>;
  /**
   * For users who still have to do something before all else: the routes by which they do it (then only in that step: who
   * owes the second factor may not yet do what belongs to a later one), or leave (in any step: `true`).
   */
  whilePending?: true | PendingStep;
  /** Of a form that ends the session: where it leads when it is sent a second time, and finds nobody logged in. */
  againLeadsTo?: '/login';
  handle(ctx: Context): Promise<void> | void;
}

/** The body as the route's schema made it. */
export const bodyOf = <Schema extends z.ZodType>(ctx: Context, _schema: Schema): z.output<Schema> =>
  (ctx.request as { body?: unknown }).body as z.output<Schema>;

/** Sends a browser on to another page of this site, with GET. */
export function seeOther(ctx: Context, path: string): void {
  ctx.status = 303;
  ctx.redirect(path);
}
