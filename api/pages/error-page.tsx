import { ConsoleLayout, Layout } from './layout.js';
import type { ErrorModel, PageContext } from './models.js';
import { errorText } from './notice.js';

/** Codes with a headline of their own; the others share a general one. */
const ownTitle = { notFound: true, busy: true, tooManyAttempts: true, unauthenticated: true };
/** Asking once more may help. */
const retryable = { busy: true, tooManyAttempts: true, formExpired: true, internal: true, conflict: true };

export function ErrorPage({ page, model }: { page: PageContext; model: ErrorModel }) {
  const { t } = page;
  const title = t(model.code in ownTitle ? `errorPage.titles.${model.code}` : 'errorPage.title');
  const Frame = inConsole(page) ? ConsoleLayout : Layout;
  return (
    <Frame page={page} title={title} failed>
      <section class="card narrow">
        <p class="error-status">{model.status}</p>
        <h1>{title}</h1>
        <p class="lead">{errorText(page, model.code, model.seconds)}</p>
        <WayOn page={page} code={model.code} />
        <p class="reference">
          {t('errorPage.requestId')} <code>{model.requestId}</code>
        </p>
      </section>
    </Frame>
  );
}

const inConsole = ({ path }: PageContext) => /^\/console(?![\w-])/.test(path);

function WayOn({ page, code }: { page: PageContext; code: string }) {
  const { t } = page;
  const start = inConsole(page) ? '/console' : '/login';
  if (code === 'unauthenticated') {
    return (
      <a class="button" href={start === '/console' ? '/console/login' : start}>
        {t('errorPage.logIn')}
      </a>
    );
  }
  // An address that only takes a form cannot be asked again by a link.
  return (
    <>
      {code in retryable && !/\/(language|logout)$/.test(page.path) && (
        <a class="button" href={page.path}>
          {t('errorPage.retry')}
        </a>
      )}
      <a class="button outline" href={start}>
        {t('errorPage.home')}
      </a>
    </>
  );
}
