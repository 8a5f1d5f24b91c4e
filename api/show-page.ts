import { type ComponentType, h, type VNode } from 'preact';
import type { Context } from './http.js';
import { translator } from './i18n.js';
import { renderPage } from './pages/layout.js';
import type { PageContext } from './pages/models.js';
import { isAdministrator, type StaffSession, type UserSession } from './sessions.js';
import { isTimeZone } from './time-zones.js';

/** Answers with a page in the person's language. */
export function showPage<Model>(
  ctx: Context,
  Page: ComponentType<{ page: PageContext; model: Model }>,
  model: Model,
  status = 200,
): void {
  const language = ctx.state.language ?? 'en';
  const { user, staff } = ctx.state;
  const page: PageContext = {
    t: translator(language),
    language,
    path: ctx.path + ctx.search,
    formToken: ctx.state.forms?.token() ?? '',
    // Who has not proven the second factor yet is told nothing of the account.
    ...(user && !lacksFactor(user)
      ? { signedIn: signedIn(user), timeZone: isTimeZone(user.timeZone) ? user.timeZone : 'UTC' }
      : {}),
    ...(staff && !lacksFactor(staff) ? { staff: signedInStaff(staff) } : {}),
  };
  ctx.status = status;
  ctx.type = 'html';
  ctx.body = renderPage(h(Page, { page, model }) as VNode);
}

const lacksFactor = ({ pending }: Pick<UserSession, 'pending'>) => pending[0] === 'secondFactor';

const signedInStaff = ({ email, role, pending }: StaffSession) => ({ email, role, isPending: pending.length > 0 });

const signedIn = (user: UserSession) => ({
  name: `${user.givenName} ${user.familyName}`,
  isAdministrator: isAdministrator(user),
  isPending: user.pending.length > 0,
});
