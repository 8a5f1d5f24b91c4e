import type { ComponentChildren } from 'preact';
import type { StaffRole } from '../../../db/models.js';
import { hasRole } from '../../sessions.js';
import { AreaNavigation } from '../area-navigation.js';
import { ConsoleLayout } from '../layout.js';
import type { PageContext } from '../models.js';
import { FormError, Notice } from '../notice.js';

/** Areas of the Console, by their path; `least` is the role that sees them. */
const areas: { path: string; key: string; least?: StaffRole }[] = [
  { path: '/console', key: 'overview' },
  { path: '/console/registrations', key: 'registrations' },
  { path: '/console/users', key: 'usersConsole' },
  { path: '/console/onboarding', key: 'onboarding' },
  { path: '/console/user-types', key: 'userTypes' },
  { path: '/console/agreements', key: 'agreementsConsole' },
  { path: '/console/partners', key: 'partners' },
  { path: '/console/provider', key: 'provider' },
  { path: '/console/webhooks', key: 'webhooks' },
  { path: '/console/api-keys', key: 'apiKeys' },
  { path: '/console/applications', key: 'applications', least: 'admin' },
  { path: '/console/staff', key: 'staff', least: 'admin' },
  { path: '/console/audit', key: 'audit' },
  { path: '/console/second-factor', key: 'secondFactor' },
];
export type Area = (typeof areas)[number]['key'];

/** What somebody may not do is not offered to them. */
const shownTo = (page: PageContext) => areas.filter(({ least }) => !least || may(page, least));

interface FrameProps {
  page: PageContext;
  area: Area;
  title: string;
  lead?: ComponentChildren;
  /** Key of the words that say what was just done (`<area>.done.<key>`), from the flash. */
  done?: string;
  /** Error code of a form that did not go through (`errors.<code>`). */
  error?: string;
  /** With `tooManyAttempts`: how long to wait. */
  seconds?: number;
  scripts?: string[];
  head?: ComponentChildren;
  children: ComponentChildren;
}

/** One page of the Console: navigation, title, what was just done or went wrong, content. */
export function ConsoleFrame({ page, area, title, lead, done, error, seconds, scripts, head, children }: FrameProps) {
  return (
    <ConsoleLayout
      page={page}
      title={title}
      failed={Boolean(error)}
      scripts={scripts}
      head={head}
      nav={
        page.staff?.isPending ? undefined : (
          <AreaNavigation page={page} words="console" areas={shownTo(page)} current={area} />
        )
      }
    >
      <h1>{title}</h1>
      {lead && <p class="lead">{lead}</p>}
      {done && !error && (
        <Notice kind="success">
          <p>{page.t(`${area}.done.${done}`)}</p>
        </Notice>
      )}
      <FormError page={page} error={error} seconds={seconds} />
      {children}
    </ConsoleLayout>
  );
}

/** Whether whoever sees the page has at least this role; what they may not do is not offered (security.md A15). */
export const may = (page: PageContext, least: StaffRole): boolean => hasRole(page.staff, least);
