import type { ComponentChildren, JSX } from 'preact';
import { render } from 'preact-render-to-string';
import { languageNames } from '../i18n.js';
import { FormToken } from './form-fields.js';
import type { PageContext } from './models.js';

interface LayoutProps {
  page: PageContext;
  title: string;
  /** The page shows something that went wrong; said first in the title, so that a screen reader says it first. */
  failed?: boolean;
  /** Names of browser scripts under /assets. */
  scripts?: string[];
  /** Goes into the head, for example the refresh of a waiting page. */
  head?: ComponentChildren;
  children: ComponentChildren;
}

/** In this order: the later one has the last word. */
const styles = [
  'pico',
  'tokens',
  'app',
  'parts',
  'journey',
  'forms',
  'records',
  'own-account',
  'second-factor',
  'console',
  'console-forms',
  'console-lists',
  'console-records',
];

/** Each in its own words, so that a person finds theirs on a page they cannot read. */

export const renderPage = (element: JSX.Element): string => `<!doctype html>${render(element)}`;

export function Layout(props: LayoutProps & { nav?: ComponentChildren }) {
  const { page, nav, children } = props;
  const { t } = page;
  return (
    <Document {...props} product={t('common.product')}>
      <header class="site-header">
        <div class="shell">
          <a class="wordmark" href={page.signedIn ? '/account' : '/login'}>
            <Logo />
            <span>{t('common.product')}</span>
          </a>
          <div class="site-tools">
            <LanguageSwitch page={page} />
            {page.signedIn && <SignedIn page={page} name={page.signedIn.name} action="/logout" />}
          </div>
        </div>
        {nav}
      </header>
      <main id="main" class="shell" tabIndex={-1}>
        {children}
      </main>
      <footer class="site-footer">
        <nav class="shell" aria-label={t('common.agreements')}>
          <a href="/agreements/terms">{t('agreements.terms')}</a>
          <a href="/agreements/privacy">{t('agreements.privacy')}</a>
        </nav>
      </footer>
    </Document>
  );
}

/** The operators' frame: calmer, and unmistakable for the one that customers see. */
export function ConsoleLayout(props: LayoutProps & { nav?: ComponentChildren }) {
  const { page, nav, children } = props;
  return (
    <Document {...props} product={page.t('common.console')} bodyClass="console">
      <header class="site-header">
        <div class="shell">
          <a class="wordmark" href="/console">
            <Logo />
            <span>{page.t('common.console')}</span>
          </a>
          <div class="site-tools">
            <LanguageSwitch page={page} />
            {page.staff && <SignedIn page={page} name={page.staff.email} action="/console/logout" />}
          </div>
        </div>
        {nav}
      </header>
      <main id="main" class="shell" tabIndex={-1}>
        {children}
      </main>
    </Document>
  );
}

function Document(props: LayoutProps & { product: string; bodyClass?: string }) {
  const { page, title, failed, scripts = [], head, product, bodyClass, children } = props;
  return (
    <html lang={page.language}>
      <head>
        <meta charset="utf-8" />
        <title>{`${failed ? page.t('common.errorTitle', { title }) : title} · ${product}`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <link rel="icon" href="/assets/favicon.svg" type="image/svg+xml" />
        {styles.map((name) => (
          <link key={name} rel="stylesheet" href={`/assets/${name}.css`} />
        ))}
        {scripts.map((name) => (
          <script key={name} type="module" src={`/assets/${name}.js`} defer />
        ))}
        {head}
      </head>
      <body class={bodyClass}>
        <a class="skip-link" href="#main">
          {page.t('common.skipToContent')}
        </a>
        {children}
      </body>
    </html>
  );
}

function LanguageSwitch({ page }: { page: PageContext }) {
  return (
    <form class="language-switch" method="post" action="/language" aria-label={page.t('common.language')}>
      <FormToken page={page} />
      <input type="hidden" name="returnTo" value={page.path} />
      {Object.entries(languageNames).map(([code, name]) => (
        <button
          key={code}
          type="submit"
          name="language"
          value={code}
          lang={code}
          aria-current={code === page.language ? 'true' : undefined}
        >
          {name}
        </button>
      ))}
    </form>
  );
}

function SignedIn({ page, name, action }: { page: PageContext; name: string; action: string }) {
  return (
    <form class="signed-in" method="post" action={action}>
      <FormToken page={page} />
      <span class="signed-in-name">{page.t('common.signedInAs', { name })}</span>
      <button type="submit" class="quiet">
        {page.t('common.logOut')}
      </button>
    </form>
  );
}

/** A doorway with light in it. Drawn in the page, so that it takes the colours of the scheme. */
function Logo() {
  return (
    <svg class="logo" viewBox="0 0 24 24" width="28" height="28" aria-hidden="true" focusable="false">
      <path class="logo-wall" d="M3 22V11a9 9 0 0 1 18 0v11z" />
      <path class="logo-light" d="M8 22V11.5a4 4 0 0 1 8 0V22z" />
      <path class="logo-door" d="M8 22V11.5a4 4 0 0 1 4-4V19z" />
    </svg>
  );
}
