import type { FieldErrors } from '../models.js';

/** The filter as typed; field names as in the address of the list. */
export type TypedFilter = Partial<Record<'kind' | 'state' | 'stuck' | 'email' | 'reference' | 'company', string>>;

export interface RegistrationRow {
  reference: string;
  kind: string;
  /** Masked; absent once erased. */
  email?: string;
  state: string;
  attention: boolean;
  problem?: string;
  /** ISO 8601, as all moments here. */
  since: string;
  startedAt: string;
  ended: boolean;
}

export interface RegistrationsModel {
  typed: TypedFilter;
  errors: FieldErrors;
  counts: { state: string; count: number }[];
  rows: RegistrationRow[];
  /** References to page on from. */
  newer?: string;
  older?: string;
  now: string;
  /** How many of all that match take a retry. */
  retryable: number;
  /** States to choose from. */
  states: string[];
  retryStates: string[];
  /** Of the batch that this page may ask for. */
  batchId: string;
  /** Why a retry of many was not carried out (`registrations.retry.<code>`). */
  problem?: string;
  reason?: string;
  done?: string;
}

/** Check boxes on one page of the list; also the length of a page. */
export const rowsOnPage = 50;

/** The list with this filter. */
export function listAddress(typed: TypedFilter & { older?: string; newer?: string }): string {
  const given = Object.entries(typed).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const query = new URLSearchParams(given).toString();
  return query ? `/console/registrations?${query}` : '/console/registrations';
}
