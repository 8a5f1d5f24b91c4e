import { assertThat } from '../errors.js';
import type { Context, Route } from '../http.js';

/**
 * Every change needs proof that it was asked for by this site's own page (security.md S5): the browser's word on where
 * the request comes from, and either the page's form token or, for JSON, a header that another site cannot send.
 */
export function assertSameOrigin(ctx: Context, route: Route, publicOrigin: string): void {
  const fetchSite = ctx.get('Sec-Fetch-Site');
  const origin = ctx.get('Origin');
  assertThat(!fetchSite || fetchSite === 'same-origin' || fetchSite === 'none', 'forbiddenOrigin');
  assertThat(!origin || origin === publicOrigin, 'forbiddenOrigin');
  if (route.kind === 'api') {
    assertThat(ctx.get('vestibule-request') !== '', 'forbiddenOrigin');
    return;
  }
  assertThat(fetchSite || origin, 'forbiddenOrigin');
  const { formToken } = (ctx.request as { body?: { formToken?: unknown } }).body ?? {};
  assertThat(ctx.state.forms.isToken(formToken), 'formExpired');
}
