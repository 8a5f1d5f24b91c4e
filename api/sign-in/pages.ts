/** The pages that the provider shows by itself, in the looks of the others. */
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { ComponentType } from 'preact';
import { setFlash } from '../flash.js';
import type { Context } from '../http.js';
import type { PageContext } from '../pages/models.js';
import { SignInErrorPage } from '../pages/sign-in/error-page.js';
import { SignInLogoutPage } from '../pages/sign-in/logout-page.js';
import { showPage } from '../show-page.js';

type ErrorOut = { error: string; error_description?: string };

/** A request that cannot be answered to the application, such as one with an address that is not its own. */
export function showProviderError(
  ctx: KoaContextWithOIDC,
  { error, error_description }: ErrorOut,
  thrown: Error,
): void {
  const expired = thrown instanceof errors.SessionNotFound;
  const { status } = ctx;
  const { requestId } = (ctx as unknown as Context).state;
  show(ctx, SignInErrorPage, { status, requestId, expired, error, description: error_description }, status);
}

/** Logging out at the wish of an application: asked, unless an ID token of this very person came along. */
export const endSessionPages = (secure: boolean) => ({
  logoutSource: (ctx: KoaContextWithOIDC) => {
    const { session, client, entities } = ctx.oidc;
    const hint = entities.IdTokenHint?.payload as { sub?: string } | undefined;
    const isCertain = hint !== undefined && hint.sub === session?.accountId;
    const xsrf = String(session?.state?.secret);
    show(ctx, SignInLogoutPage, { xsrf, application: client?.clientName, isCertain });
  },
  postLogoutSuccessSource: (ctx: KoaContextWithOIDC) => {
    setFlash(ctx as unknown as Context, { notice: 'loggedOut' }, secure);
    ctx.status = 303;
    ctx.redirect('/login');
  },
});

/** The provider sees paths without the part where it is mounted; the page's own links need the whole one. */
function show<Model>(
  mounted: KoaContextWithOIDC,
  Page: ComponentType<{ page: PageContext; model: Model }>,
  model: Model,
  status = 200,
): void {
  const ctx = mounted as unknown as Context & { mountPath?: string };
  const { path } = ctx;
  ctx.path = `${ctx.mountPath ?? ''}${path}`;
  showPage(ctx, Page, model, status);
  ctx.path = path;
}
