/** Draws a machine as SVG, from nothing but the machine and the words for its states. */
import type { Graph } from '@viz-js/viz';
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { eventLabelOf, type Outcomes } from '../machines/arrow-labels.js';
import { ancestors, descendants, isNamed } from './registration-states.js';

export interface DiagramOptions {
  /** Name of a state, for people; also of one that only holds others. */
  title(state: string): string;
  /** Accessible name of the whole picture; that of one drawing is that of all with the same key. */
  label: string;
  /** Drawings with the same key share their layout, which takes some tenths of a second: the language, say. */
  key: string;
  /** The outcomes each effect can have; they name arrows. */
  outcomes?: Outcomes;
  /** The state that is lit. */
  current?: string;
  /** One short line below the title, by state; if given, every state has room for one. */
  notes?: Record<string, string>;
}

/** Letters a note has room for. */
const noteRoom = 18;
/** Letters in a line of a title. */
const lineLength = 17;

const layouts = new WeakMap<AnyStateMachine, Map<string, Promise<string>>>();

/**
 * The machine as an `<svg>` element whose colours come from style sheets by its classes (`node`, `edge`, `cluster`, the
 * states' tags, `final`, `current`): it carries no style of its own, so the content security policy has nothing against
 * it.
 */
export async function drawMachine(machine: AnyStateMachine, options: DiagramOptions): Promise<string> {
  const { current, notes } = options;
  const states = descendants(machine.root).filter(isNamed);
  const drawn = await layoutOf(machine, options, states);
  return states.reduce((svg, { key }, index) => {
    const lit = key === current ? svg.replace(`node ${key} `, `node ${key} current `) : svg;
    return notes ? lit.replace(noteMark(index), () => escapeXml(notes[key] ?? '')) : lit;
  }, drawn);
}

function layoutOf(machine: AnyStateMachine, options: DiagramOptions, states: AnyStateNode[]): Promise<string> {
  const { key, notes } = options;
  const known = layouts.get(machine) ?? new Map<string, Promise<string>>();
  layouts.set(machine, known);
  const name = `${key} ${notes ? 'with notes' : ''}`;
  const layout = known.get(name) ?? layOut(toGraph(machine, states, options), options.label);
  known.set(name, layout);
  // A failure is not worth remembering.
  layout.catch(() => known.delete(name));
  return layout;
}

async function layOut(graph: Graph, label: string): Promise<string> {
  const { instance } = await import('@viz-js/viz');
  const viz = await instance();
  return withoutOwnStyle(viz.renderString(graph, { format: 'svg' }), label);
}

function toGraph(
  machine: AnyStateMachine,
  states: AnyStateNode[],
  { title, notes, outcomes = {} }: DiagramOptions,
): Graph {
  const node = (state: AnyStateNode) => {
    const note = notes ? `\n${noteMark(states.indexOf(state))}` : '';
    return {
      name: state.key,
      attributes: {
        label: folded(title(state.key)) + note,
        class: [state.key, ...state.tags, ...(state.type === 'final' ? ['final'] : [])].join(' '),
      },
    };
  };
  const holders = descendants(machine.root).filter(
    (holder) => !isNamed(holder) && !insideNamed(holder) && isHolder(holder),
  );
  return {
    graphAttributes: {
      rankdir: 'LR',
      compound: true,
      ranksep: 0.2,
      nodesep: 0.22,
      margin: 0.05,
      fontname: font,
      fontsize: 13,
    },
    nodeAttributes: { shape: 'box', style: 'rounded', fontname: font, fontsize: 13, margin: '0.17,0.08', height: 0.3 },
    edgeAttributes: { arrowsize: 0.7, fontname: font, fontsize: 11.5 },
    nodes: states.map(node),
    edges: arrowsOf(machine, outcomes),
    subgraphs: holders.map((holder) => ({
      name: `cluster_${holder.key}`,
      graphAttributes: { label: title(holder.key), labeljust: 'l', style: 'rounded', margin: 14, class: 'holder' },
      nodes: descendants(holder)
        .filter(isNamed)
        .map(({ key }) => ({ name: key })),
    })),
  };
}

/** Its letters' widths are built into Graphviz; the page's own font is about as wide. */
const font = 'Arial';
const isHolder = (node: AnyStateNode) => descendants(node).some(isNamed);
const insideNamed = (node: AnyStateNode) => ancestors(node).some(isNamed);

/** One arrow for each pair of states, with the names of all events that lead along it; what holds states has arrows of its own. */
function arrowsOf(machine: AnyStateMachine, outcomes: Outcomes): NonNullable<Graph['edges']> {
  const arrows = new Map<string, { tail: string; head: string; labels: Set<string>; from: AnyStateNode }>();
  for (const node of descendants(machine.root)) {
    const from = shownAs(node);
    for (const transition of [...node.transitions.values()].flat())
      for (const to of (transition.target ?? []).map(landing)) {
        if (to === from || ancestors(to).includes(from)) continue;
        const key = `${from.key} ${to.key}`;
        const tail = isNamed(from) ? from.key : lastWithin(from).key;
        const arrow = arrows.get(key) ?? { tail, head: to.key, labels: new Set(), from };
        arrow.labels.add(eventLabelOf(node, transition, outcomes));
        arrows.set(key, arrow);
      }
  }
  return [...arrows.values()].map(({ tail, head, labels, from }) => ({
    tail,
    head,
    attributes: {
      label: [...labels].map((label) => ` ${label} `).join('\n'),
      ...(isNamed(from) ? {} : { ltail: `cluster_${from.key}` }),
    },
  }));
}

/** The named state that a part of the machine belongs to, or the part itself when it stands outside any. */
const shownAs = (node: AnyStateNode): AnyStateNode => [node, ...ancestors(node)].find(isNamed) ?? node;
const lastWithin = (node: AnyStateNode): AnyStateNode => descendants(node).filter(isNamed).at(-1) ?? node;

/** Where an arrow ends: of what only holds states, at the one it starts with. */
function landing(target: AnyStateNode): AnyStateNode {
  const shown = shownAs(target);
  const [initial] = isNamed(shown) ? [] : (shown.initial?.target ?? []);
  return initial ? landing(initial) : shown;
}

/** Broken into lines of about the same length, so that the boxes stay small. */
function folded(title: string): string {
  const lines = [''];
  for (const word of title.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line && line.length + word.length >= lineLength) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines.join('\n').replaceAll('\\', '\\\\');
}

/** Stands where a note will be, as wide as the longest one. */
const noteMark = (index: number) => `@${index}@`.padEnd(noteRoom, 'x');

/** Keeps shapes, places and classes; everything that is styled is left to the style sheets. */
const withoutOwnStyle = (svg: string, label: string): string =>
  svg
    .slice(svg.indexOf('<svg'))
    .replaceAll(/<!--[\s\S]*?-->\s*|<title>[\s\S]*?<\/title>\s*/g, '')
    .replaceAll(/ (?:id|fill|stroke|font-family|font-size|xml:space|xmlns(?::xlink)?)="[^"]*"/g, '')
    .replaceAll(/ (width|height)="(\d+)pt"/g, ' $1="$2"')
    .replace('<svg', () => `<svg class="machine" role="img" aria-label="${escapeXml(label)}"`)
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();

const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
