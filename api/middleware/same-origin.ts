import { assertThat } from '../errors.js';
import type { Context, Route } from '../http.js';

/**
 * Every change needs proof that it was asked for by this site's own page (security.md S5): the browser's word on where
 * the request comes from, and either the page's form token or, for JSON, a header that another site cannot send.
 */
export function assertSameOrigin(ctx: Context, route: Route, publicOrigin: string): void {
  assertThat(comesFromHere(ctx, publicOrigin, route.kind === 'api'), 'forbiddenOrigin');
  if (route.kind === 'api') {
    assertThat(ctx.get('vestibule-request') !== '', 'forbiddenOrigin');
    return;
  }
  const { formToken } = (ctx.request as { body?: { formToken?: unknown } }).body ?? {};
  assertThat(ctx.state.forms.isToken(formToken), 'formExpired');
}

/**
 * Browsers say `Sec-Fetch-Site`; with it an Origin of `null` is only our own `Referrer-Policy: no-referrer`. Without it
 * the Origin decides. A program that is no browser says neither, and may use the API.
 */
function comesFromHere(ctx: Context, publicOrigin: string, isApi: boolean): boolean {
  const fetchSite = ctx.get('Sec-Fetch-Site');
  const origin = ctx.get('Origin');
  if (fetchSite === '') return origin === publicOrigin || (isApi && origin === '');
  return (fetchSite === 'same-origin' || fetchSite === 'none') && ['', 'null', publicOrigin].includes(origin);
}
