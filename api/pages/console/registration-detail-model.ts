import type { TimelineEntry } from '../../../db/registration-detail.js';
import type { FieldErrors } from '../models.js';

/** Actions of staff, by the last part of their address. */
export const actions = [
  'retry',
  'approve',
  'decline',
  'assign-partner',
  'resend',
  'correct-email',
  'extend',
  'revoke-links',
  'cancel',
] as const;
export type Action = (typeof actions)[number];

/** Those that nobody may do without saying why. */
export const needsReason: ReadonlySet<Action> = new Set<Action>(['cancel', 'decline', 'correct-email']);

export interface RegistrationDetailModel {
  reference: string;
  kind: string;
  language: string;
  state: string;
  since: string;
  attention: boolean;
  problem?: string;
  startedAt: string;
  expiresAt: string;
  endedAt?: string;
  /** ISO 8601, by the name of the machine's timer; of an ended registration none. */
  deadlines: { name: string; at: string }[];
  /** The engine did not answer in time: what is shown is the last recorded state. */
  isEngineAway: boolean;
  person: {
    /** All of it in full, because this person of staff has asked for it. */
    isRevealed: boolean;
    isErased: boolean;
    email?: string;
    answers: { name: string; text: string }[];
    partner?: { id: string; name: string };
    hasCode: boolean;
    provenAt?: string;
    savedAt?: string;
    links: number;
  };
  duplicates: { kind: string; createdAt: string; reference?: string }[];
  /** What may be done now, by this person. */
  actions: Action[];
  /** Of each of their forms: a double click is one action. */
  idempotencyKey: string;
  /** Of `assign-partner`; absent until searched for. */
  partners?: { search: string; found: { id: string; name: string }[] };
  timeline: TimelineEntry[];
  /** Earlier entries that are not shown. */
  isTimelineCut: boolean;
  /** SVG. */
  diagram: string;
  temporalUrl?: string;
  now: string;
  done?: string;
  /** What was not carried out, why, and what was typed for it. */
  failed?: {
    action: Action;
    /** `registrations.refused.<code>` */
    code: string;
    state?: string;
    minutes?: number;
    errors: FieldErrors;
    typed: Record<string, string | undefined>;
  };
}
