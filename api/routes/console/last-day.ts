import { z } from 'zod';

/** Nobody means something that works for longer. */
const mostDays = 3_660;
const dayMilliseconds = 24 * 3_600_000;

/** A day as a form sends it: its end, in UTC; empty: never. */
export const lastDay = z
  .string()
  .default('')
  .transform((text, context) => {
    if (text === '') return null;
    const fault = dateFault(text);
    if (!fault) return lastMoment(text);
    context.addIssue({ code: 'custom', message: fault });
    return z.NEVER;
  });

const lastMoment = (date: string) => new Date(`${date}T23:59:59Z`);

function dateFault(date: string): string | undefined {
  const end = lastMoment(date);
  // 31 February is read as a day in March, or as none.
  if (Number.isNaN(end.getTime()) || end.toISOString().slice(0, 10) !== date) return 'invalidDate';
  if (end.getTime() < Date.now()) return 'dateInPast';
  return end.getTime() > Date.now() + mostDays * dayMilliseconds ? 'outOfRange' : undefined;
}

/** The day so many days from now, as a form's field holds it. */
export const dayAhead = (days: number): string =>
  new Date(Date.now() + days * dayMilliseconds).toISOString().slice(0, 10);
