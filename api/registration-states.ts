/** The machine's states as the record, the Console and the filters name them. */
import type { AnyStateNode } from 'xstate';
import { registrationMachine } from '../machines/registration.js';

export interface MachineState {
  name: string;
  tags: readonly string[];
  isFinal: boolean;
  /** Events from outside that can be taken there, guards aside. */
  takes: string[];
}

/** Only a state that has words is one that people see: what lies around or within it is the machine's own affair. */
export const isNamed = (node: AnyStateNode): boolean => Boolean((node.meta as { title?: string } | undefined)?.title);

export const descendants = (node: AnyStateNode): AnyStateNode[] =>
  Object.values(node.states).flatMap((child) => [child, ...descendants(child)]);

export function ancestors(node: AnyStateNode): AnyStateNode[] {
  return node.parent ? [node.parent, ...ancestors(node.parent)] : [];
}

const eventsOf = (node: AnyStateNode): string[] =>
  [node, ...ancestors(node), ...descendants(node)]
    .flatMap((part) => [...part.transitions.keys()].map(String))
    .filter((event) => event !== '' && !event.startsWith('xstate.'));

/** In the machine's own order, which is that of a registration's way. */
export const registrationStates: MachineState[] = descendants(registrationMachine.root)
  .filter(isNamed)
  .map((node) => ({
    name: node.key,
    tags: node.tags as string[],
    isFinal: node.type === 'final',
    takes: [...new Set(eventsOf(node))],
  }));

const namesWhere = (holds: (state: MachineState) => boolean) =>
  registrationStates.filter(holds).map(({ name }) => name);

/** Where an operator is needed. */
export const attentionStates = namesWhere(({ tags }) => tags.includes('attention'));
/** Where RETRY goes on. */
export const retryStates = namesWhere(({ takes }) => takes.includes('RETRY'));
