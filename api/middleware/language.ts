import type { Middleware } from 'koa';
import { type CookieOptions, cookieName } from '../cookies.js';
import type { Context } from '../http.js';
import { isLanguage, languages } from '../i18n.js';

const languageCookie = 'language';
const oneYear = 365 * 24 * 3600 * 1000;

/** The language the person chose, or the browser's. */
export const koaLanguage =
  ({ secure }: CookieOptions): Middleware =>
  async (ctx, next) => {
    const chosen = ctx.cookies.get(cookieName(languageCookie, secure));
    const accepted = ctx.acceptsLanguages([...languages]);
    ctx.state.language = isLanguage(chosen) ? chosen : accepted || 'en';
    ctx.state.languageChosen = isLanguage(chosen);
    await next();
  };

/** Of somebody signed in: the language of their profile, unless this browser was told another one. */
export function preferLanguage(ctx: Context, language: string): void {
  if (!ctx.state.languageChosen && isLanguage(language)) ctx.state.language = language;
}

export function chooseLanguage(ctx: Context, language: string, { secure }: CookieOptions): void {
  ctx.cookies.set(cookieName(languageCookie, secure), language, {
    httpOnly: true,
    secure,
    sameSite: 'lax',
    maxAge: oneYear,
  });
}
