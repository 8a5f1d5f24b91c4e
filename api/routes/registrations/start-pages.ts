/** The first two pages: the e-mail, and "Check your mailbox". */
import { z } from 'zod';
import { loadSettings } from '../../../db/registrations.js';
import { RequestError } from '../../errors.js';
import { readFlash, setFlash } from '../../flash.js';
import { bodyOf, type Context, type Route, seeOther } from '../../http.js';
import { CheckMailboxPage } from '../../pages/check-mailbox-page.js';
import type { StartModel } from '../../pages/models.js';
import { StartPage } from '../../pages/start-page.js';
import { openKinds, preselected } from '../../registration-forms.js';
import { startRegistration } from '../../registrations.js';
import { showPage } from '../../show-page.js';
import type { Wiring } from '../wiring.js';
import { keepInvitation, readInvitation } from './invitation.js';
import { email as emailSchema, fieldErrors } from './schema.js';

const startForm = z.strictObject({
  email: z.string().optional(),
  kind: z.string().optional(),
  formToken: z.string().optional(),
});
const secondsAnHour = 3_600;

export function startPages({ services, secure, inboxUrl }: Wiring): Route[] {
  async function showStart(ctx: Context, shown: Partial<StartModel> = {}, status = 200) {
    const settings = await loadSettings(services.db);
    const kinds = openKinds(settings);
    const asked = ctx.method === 'GET' ? keepInvitation(ctx, secure).kind : undefined;
    const kind = preselected(shown.kind ?? asked ?? readInvitation(ctx, secure).kind, settings);
    showPage(ctx, StartPage, { email: readFlash(ctx, secure).email, errors: {}, ...shown, kinds, kind }, status);
  }

  async function start(ctx: Context) {
    const { email: typed = '', kind } = bodyOf(ctx, startForm);
    const email = emailSchema.safeParse(typed);
    if (!email.success)
      return showStart(ctx, { email: typed, kind, errors: { email: fieldErrors(email.error)[''] ?? '' } }, 400);
    await services.limits.consume('startsPerSource', ctx.state.source);
    try {
      await startRegistration(services, { email: email.data, kind, language: ctx.state.language });
    } catch (error) {
      if (!(error instanceof RequestError && error.code === 'registrationClosed')) throw error;
      return showStart(ctx, { email: typed }, error.status);
    }
    setFlash(ctx, { email: email.data }, secure);
    seeOther(ctx, '/register/sent');
  }

  async function showSent(ctx: Context) {
    const { email } = readFlash(ctx, secure);
    if (!email) return seeOther(ctx, '/register');
    const settings = await loadSettings(services.db);
    showPage(ctx, CheckMailboxPage, {
      email,
      resendAfter: settings.resend_cooldown_seconds,
      linkHours: Math.max(1, Math.round(settings.link_lifetime_seconds / secondsAnHour)),
      inboxUrl,
    });
  }

  return [
    { kind: 'page', method: 'get', path: '/register', audience: 'public', handle: (ctx) => showStart(ctx) },
    { kind: 'page', method: 'post', path: '/register', audience: 'public', body: startForm, handle: start },
    { kind: 'page', method: 'get', path: '/register/sent', audience: 'public', handle: showSent },
  ];
}
