import { defineUpdate } from '@temporalio/workflow';

export const floorWorkflowType = 'floor';
export const submitUpdate = defineUpdate<{ state: string }>('submit');

export interface FloorInput {
  /** Milliseconds; only has to be longer than any run. */
  lifetime: number;
}

/** As many as a registration has, doing nothing. */
export interface FloorActivities {
  sendMail(): Promise<void>;
  createAccount(): Promise<void>;
}

/** What the worker tells the bench: a workflow's mail activity ran, or its workflow now waits for the submit. */
export type FloorNews = { event: 'mailed' | 'settled'; workflowId: string };
