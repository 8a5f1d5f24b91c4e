/** What leads along an arrow of a machine, in the machine's own words: for whoever draws one. */
import type { AnyStateNode } from 'xstate';

export type Arrow = AnyStateNode['transitions'] extends Map<string, (infer Definition)[]> ? Definition : never;

/** The outcomes each effect can have; names the arrow that is taken when no guard fits. */
export type Outcomes = Readonly<Record<string, readonly string[]>>;

/** The event, the outcome or the timer, and the condition on it, if there is one, in brackets. */
export function labelOf(node: AnyStateNode, { eventType, guard }: Arrow, outcomes: Outcomes): string {
  const type = String(eventType);
  const { name, outcome } = guardOf(guard);
  if (type.startsWith('xstate.error.actor.')) return `failed${condition(name)}`;
  if (type.startsWith('xstate.after.')) return `after ${type.split('.')[2]}${condition(name)}`;
  if (!type.startsWith('xstate.done.actor.')) return `${type}${condition(name)}`;
  // A guard that asks for the outcome and for something more: "hasOutcomeAwaited".
  if (outcome) return `${outcome}${condition(name?.replace(/^hasOutcome/, '').replace(/^(?=.)/, 'is'))}`;
  const named = node.transitions.get(type)?.map((arrow) => guardOf(arrow.guard).outcome);
  const left = outcomes[type.slice(18)]?.filter((other) => !named?.includes(other)) ?? [];
  return `${left.join(', ') || 'done'}${condition(name)}`;
}

/** The same without its condition. */
export const eventLabelOf = (node: AnyStateNode, arrow: Arrow, outcomes: Outcomes): string =>
  labelOf(node, arrow, outcomes).replace(/ \[.*$/, '');

function guardOf(guard: unknown): { name?: string; outcome?: string } {
  if (!guard) return {};
  const { type = String(guard), params } = guard as { type?: string; params?: unknown };
  return { name: type, outcome: params === undefined ? undefined : String(params) };
}

const condition = (guard: string | undefined) => (guard ? ` [${guard}]` : '');
