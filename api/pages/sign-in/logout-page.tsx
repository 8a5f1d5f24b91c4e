import { Layout } from '../layout.js';
import type { PageContext } from '../models.js';

export interface SignInLogoutModel {
  /** The provider's own proof that its page was shown. */
  xsrf: string;
  application?: string;
  /** The application showed that it is about this person: the form is sent without being asked for. */
  isCertain: boolean;
}

/** Logging out because an application wants it. */
export function SignInLogoutPage({ page, model }: { page: PageContext; model: SignInLogoutModel }) {
  const { t } = page;
  const { xsrf, application, isCertain } = model;
  const title = t(isCertain ? 'signIn.loggingOut' : 'signIn.logOutTitle');
  return (
    <Layout page={page} title={title} scripts={isCertain ? ['submit'] : []}>
      <section class="card narrow">
        <h1>{title}</h1>
        {!isCertain && (
          <p class="lead">{application ? t('signIn.logOutFrom', { application }) : t('signIn.logOutText')}</p>
        )}
        <form class="actions" method="post" action="/oidc/session/end/confirm" data-submit={isCertain || undefined}>
          <input type="hidden" name="xsrf" value={xsrf} />
          <button type="submit" name="logout" value="yes">
            {t('common.logOut')}
          </button>
          {!isCertain && (
            <button type="submit" class="outline">
              {t('signIn.stay')}
            </button>
          )}
        </form>
      </section>
    </Layout>
  );
}
