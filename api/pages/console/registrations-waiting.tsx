import { numberFormat } from '../../formats.js';
import type { PageContext } from '../models.js';

const minute = 60;
const hour = 3_600;
const day = 86_400;

/** "3 days", "5 hr": coarse, for it only tells short from long; seconds in. */
export const duration = ({ language }: PageContext, seconds: number): string => shortDuration(language, seconds);

/** The same for what is no page. */
export function shortDuration(language: string, seconds: number): string {
  const [unit, length] = unitOf(Math.max(0, seconds));
  const unitDisplay = unit === 'day' ? 'long' : 'short';
  const format = numberFormat(language, { style: 'unit', unit, unitDisplay });
  return format.format(Math.floor(Math.max(0, seconds) / length));
}

function unitOf(seconds: number): ['day' | 'hour' | 'minute', number] {
  if (seconds >= 2 * day) return ['day', day];
  return seconds >= 2 * hour ? ['hour', hour] : ['minute', minute];
}

/** How long ago something began; the moment itself is in the element for whoever reads it there. */
export const Waiting = ({ page, since, now }: { page: PageContext; since: string; now: string }) => (
  <time dateTime={since}>{page.t('registrations.list.since', { time: duration(page, elapsed(since, now)) })}</time>
);

const elapsed = (since: string, now: string) => (Date.parse(now) - Date.parse(since)) / 1_000;
