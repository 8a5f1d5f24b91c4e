/**
 * The protocol of a registration workflow: what it is given, what it takes and what it tells. Carries references,
 * states and codes only, never personal data (security.md D3, D4).
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { RegistrationEvent, RegistrationInput, RegistrationProblem } from '../machines/registration.js';

export const registrationWorkflowType = 'registration';

/** The workflow's id, from the quotable reference ("RG-7K3F-2M9T"). */
export const registrationWorkflowId = (reference: string) => `registration-${reference}`;

export interface RegistrationWorkflowInput extends RegistrationInput {
  registrationId: string;
  reference: string;
  /** Address of the registration in the Console, for support in the Temporal UI. */
  consoleUrl: string;
  /**
   * The first mail is tried within the first workflow task. What is older has it not, and is replayed as it ran; so
   * workers are renewed before the API that sets it (docs/operating.md).
   */
  mailAtOnce?: boolean;
}

/**
 * Workflows that serve one row of a table, whose id is their only input: `retryBatch` sends RETRY to the registrations
 * of a batch, `notice` mails one notice, `providerTest` looks a sample code up, `webhookDelivery` sends one event to one
 * endpoint.
 */
export type ServiceWorkflow = 'retryBatch' | 'notice' | 'providerTest' | 'webhookDelivery' | 'joinRequest';
export const serviceWorkflowId = (type: ServiceWorkflow, id: string) => `${type}-${id}`;

/** One step of the machine, as it is recorded in `registration_events`. */
export interface Transition {
  /** Position in this registration's history, from 1; the start itself is 0 and recorded with the row. */
  sequence: number;
  from: string;
  event: string;
  to: string;
  actor: string;
  /** Epoch milliseconds, by the workflow's clock. */
  at: number;
  attention: boolean;
  final: boolean;
  problem?: RegistrationProblem;
}

/** What an effect records in its own transaction, so that what was done and the state it leads to commit together. */
export interface TransitionRecord {
  /** Steps up to the effect; they are the machine's word and replace whatever stands under their number. */
  pending: Transition[];
  /** The step that each outcome leads to. Provisional: an event that overtakes the effect may take its number. */
  next: Record<string, Transition>;
}

export interface RegistrationView {
  state: string;
  tags: string[];
  /** Events that the machine takes now. */
  allowed: string[];
  waitsFor: string;
  problem?: RegistrationProblem;
  proven: boolean;
  mailsSent: number;
  failures: { mail: number; creation: number; lookup: number };
  /** When each running timer is due, epoch milliseconds, by its name in the machine. */
  deadlines: Record<string, number>;
  since: number;
}

/**
 * Sends one event to the machine; answers when the machine has settled again. Refused without a trace in history, as
 * `ApplicationFailure` of type `EventNotAllowed` or `MalformedEvent`. An update, because the person waits for the
 * outcome; always sent with an `updateId`, for one that timed out may still be applied.
 */
export const registrationEventUpdate = defineUpdate<RegistrationView, [RegistrationEvent]>('registrationEvent');

/** The same without an answer, for batches and for what must not wait for a worker; ignored when not allowed. */
export const registrationEventSignal = defineSignal<[RegistrationEvent]>('registrationEvent');

/** Signal-with-start: opens the registration's workflow or asks the open one for a fresh link. Needs no worker. */
export const requestLinkSignal = defineSignal('requestLink');

export const registrationStateQuery = defineQuery<RegistrationView>('registrationState');

export const registrationStateAttribute = defineSearchAttributeKey('RegistrationState', 'KEYWORD');
export const registrationKindAttribute = defineSearchAttributeKey('RegistrationKind', 'KEYWORD');
export const registrationAttentionAttribute = defineSearchAttributeKey('RegistrationAttention', 'BOOL');
