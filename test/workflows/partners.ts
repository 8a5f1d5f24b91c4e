/** What the tests of partners, approvals and staff have in common. */
import { ApplicationFailure } from '@temporalio/common';
import type { Mocks, Opened } from './engine.js';
import { settle } from './records.js';

/** A submission with a code. */
export const join = { type: 'SUBMITTED', submissionId: 'submission-1', kind: 'partner', actor: 'registrant' } as const;

/** A failure that is not retried by itself. */
export const failing = () => Promise.reject(ApplicationFailure.nonRetryable('not available', 'Unavailable'));

/** A mail to a person who waits: the effect or the template, and its number. */
export type Notice = [name: string, sequence: number];

export const noteNotices =
  (notices: Notice[]): Mocks =>
  ({ records }) => ({
    notifyLookupDelayed: (input) => {
      notices.push(['notifyLookupDelayed', input.sequence]);
      return settle(records, input, 'told');
    },
    notifyApprovalAwaited: (input) => {
      notices.push(['notifyApprovalAwaited', input.sequence]);
      return settle(records, input, 'told');
    },
    tellOutcome: async ({ template, sequence }) => void notices.push([template, sequence]),
  });

/** How many recorded steps say this. */
export const linesWith = ({ records }: Opened, words: string): number =>
  records.told().filter((line) => line.includes(words)).length;
