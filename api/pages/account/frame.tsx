import type { ComponentChildren } from 'preact';
import { AreaNavigation } from '../area-navigation.js';
import { Layout } from '../layout.js';
import type { PageContext } from '../models.js';
import { FormError, Notice } from '../notice.js';

/** Areas of a person's account, by their path; those of administrators are about their organisation. */
const areas: { path: string; key: string; forAdministrators?: true }[] = [
  { path: '/account', key: 'overview' },
  { path: '/account/profile', key: 'profile' },
  { path: '/account/agreements', key: 'consents' },
  { path: '/account/security', key: 'security' },
  { path: '/account/second-factor', key: 'secondFactor' },
  { path: '/account/data', key: 'data' },
  { path: '/account/company', key: 'company', forAdministrators: true },
  { path: '/account/users', key: 'members', forAdministrators: true },
];
export type AccountArea = (typeof areas)[number]['key'];

/** What somebody may not do is not offered to them. */
const shownTo = (page: PageContext) =>
  areas.filter(({ forAdministrators }) => !forAdministrators || page.signedIn?.isAdministrator);

interface FrameProps {
  page: PageContext;
  area: AccountArea;
  title: string;
  lead?: ComponentChildren;
  /** Key of the words that say what was just done (`<area>.done.<key>`), from the flash. */
  done?: string;
  /** Error code of a form that did not go through (`errors.<code>`). */
  error?: string;
  /** With `tooManyAttempts`: how long to wait. */
  seconds?: number;
  /** Fields of a form have errors, which the page shows itself. */
  failed?: boolean;
  scripts?: string[];
  children: ComponentChildren;
}

/** One page of the account: navigation, title, what was just done or went wrong, content. */
export function AccountFrame(props: FrameProps) {
  const { page, area, title, lead, done, error, seconds, failed, scripts, children } = props;
  return (
    <Layout
      page={page}
      title={title}
      failed={failed || Boolean(error)}
      scripts={scripts}
      nav={
        page.signedIn?.isPending ? undefined : (
          <AreaNavigation page={page} words="account" areas={shownTo(page)} current={area} />
        )
      }
    >
      <div class="account">
        <h1>{title}</h1>
        {lead && <p class="lead">{lead}</p>}
        {done && !error && (
          <Notice kind="success">
            <p>{page.t(`${area}.done.${done}`)}</p>
          </Notice>
        )}
        <FormError page={page} error={error} seconds={seconds} />
        {children}
      </div>
    </Layout>
  );
}
