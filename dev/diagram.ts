/**
 * Draws a machine as a Mermaid state diagram. As a script it writes docs/registration.mmd and the README's copy;
 * with `--check` it only compares. Uses nothing but the machine, so that the picture cannot say anything else.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { labelOf, type Outcomes } from '../machines/arrow-labels.js';
import { effectOutcomes, registrationMachine } from '../machines/registration.js';

const target = fileURLToPath(new URL('../../docs/registration.mmd', import.meta.url));
const readme = fileURLToPath(new URL('../../README.md', import.meta.url));

/** The machine's states, effects and arrows in Mermaid's words. */
export function toMermaid(machine: AnyStateMachine, outcomes: Outcomes = {}): string {
  const lines = ['%% Generated from the machine by "npm run diagram"; changes by hand are lost.', 'stateDiagram-v2'];
  lines.push(...statesIn(machine.root, '  '));
  for (const node of nodesIn(machine.root).filter(isDrawn)) lines.push(...arrowsFrom(node, outcomes, '  '));
  lines.push('  classDef attention fill:#fde2e1,stroke:#b42318,color:#5f1a13', '  classDef busy stroke-dasharray:4 3');
  return `${lines.join('\n')}\n`;
}

function statesIn(parent: AnyStateNode, pad: string): string[] {
  const [initial] = parent.initial?.target ?? [];
  return [
    ...(initial ? [`${pad}[*] --> ${nameOf(initial)}`] : []),
    ...Object.values(parent.states)
      .filter(isDrawn)
      .flatMap((node) => [
        ...(Object.values(node.states).some(isDrawn)
          ? [`${pad}state ${nameOf(node)} {`, ...statesIn(node, `${pad}  `), `${pad}}`]
          : stateLines(node, pad)),
      ]),
  ];
}

/** What is inside a state that people read about is its own affair, and a history is only a way back. */
const isDrawn = (node: AnyStateNode): boolean => node.type !== 'history' && !ancestors(node).some(isNamed);
const isNamed = ({ meta }: AnyStateNode) => meta !== undefined;
const ancestors = ({ parent }: AnyStateNode): AnyStateNode[] => (parent ? [parent, ...ancestors(parent)] : []);
const drawn = (node: AnyStateNode): AnyStateNode => (isDrawn(node) || !node.parent ? node : drawn(node.parent));
/** The state with all that is inside it and not drawn. */
const whole = (node: AnyStateNode): AnyStateNode[] => [node, ...nodesIn(node).filter((inner) => !isDrawn(inner))];

function stateLines(node: AnyStateNode, pad: string): string[] {
  const { title } = (node.meta ?? {}) as { title?: string };
  const name = nameOf(node);
  return [
    // The name stays visible: it is what the record, the Console and the search attribute say.
    `${pad}${name} : ${name}${title ? `<br/>${plain(title)}` : ''}`,
    ...whole(node)
      .flatMap(({ invoke }) => invoke)
      .map(({ src }) => `${pad}note right of ${name} : runs ${String(src)}`),
    ...node.tags.filter((tag) => tag === 'attention' || tag === 'busy').map((tag) => `${pad}class ${name} ${tag}`),
    ...(node.type === 'final' ? [`${pad}${name} --> [*]`] : []),
  ];
}

/** One arrow for each pair of states; what leads along it stands below one another. */
function arrowsFrom(node: AnyStateNode, outcomes: Outcomes, pad: string): string[] {
  const labels = new Map<string, string[]>();
  for (const source of whole(node))
    for (const arrow of [...source.transitions.values()].flat()) {
      const to = nameOf(drawn(arrow.target?.[0] ?? source));
      labels.set(to, [...(labels.get(to) ?? []), labelOf(source, arrow, outcomes)]);
    }
  return [...labels].map(([to, texts]) => `${pad}${nameOf(node)} --> ${to} : ${distinct(texts).join('<br/>')}`);
}

/** What leads to the same state with a condition and without one leads there without. */
const distinct = (texts: string[]): string[] =>
  [...new Set(texts)].filter((text) => !texts.some((other) => text.startsWith(`${other} [`)));

/** Mermaid reads these as its own signs. */
const plain = (words: string) => words.replace(/[:;#]/g, ' –').replace(/\s+–/g, ' –');
const nameOf = (node: AnyStateNode) => node.key;
const nodesIn = (node: AnyStateNode): AnyStateNode[] =>
  Object.values(node.states).flatMap((child) => [child, ...nodesIn(child)]);

/** The diagram stands in a file of its own and, for whoever reads the README, between two comments there. */
function main(isCheck: boolean): void {
  const drawn = toMermaid(registrationMachine, effectOutcomes);
  const shown = `<!-- diagram -->\n\n\`\`\`mermaid\n${drawn}\`\`\`\n\n<!-- /diagram -->`;
  const wanted = [
    { file: target, text: drawn },
    { file: readme, text: readIfThere(readme).replace(/<!-- diagram -->[\s\S]*<!-- \/diagram -->/, () => shown) },
  ];
  const stale = wanted.filter(({ file, text }) => readIfThere(file) !== text);
  if (!isCheck) for (const { file, text } of stale) writeFileSync(file, text);
  else if (stale.length > 0) {
    console.error('The diagram does not show the machine as it is. Run `npm run diagram` and commit the result.');
    process.exitCode = 1;
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.includes('--check'));
