import test from 'ava';
import { setup } from 'xstate';
import { drawMachine } from '../../api/machine-diagram.js';
import { registrationStates, retryStates } from '../../api/registration-states.js';
import { effectOutcomes, registrationMachine } from '../../machines/registration.js';

const named = (title: string) => ({ meta: { title } });
const machine = setup({}).createMachine({
  initial: 'open',
  states: {
    open: {
      initial: 'first',
      on: { STOP: 'ended' },
      states: {
        first: { ...named('First'), on: { GO: 'second' } },
        second: {
          ...named('Second'),
          tags: ['attention'],
          initial: 'inner',
          states: { inner: { on: { BACK: '#(machine).open' } } },
          on: { GO: '#(machine).ended', SAME: 'second' },
        },
      },
    },
    ended: { ...named('Ended'), type: 'final' },
  },
});

const draw = (options: Partial<Parameters<typeof drawMachine>[1]> = {}) =>
  drawMachine(machine, { key: 'test', title: (state) => state, label: 'A "machine"', ...options });
const count = (svg: string, part: RegExp) => svg.match(new RegExp(part, 'g'))?.length ?? 0;

test('states with words are drawn, with their tags, and what holds them around them', async (t) => {
  const svg = await draw();
  for (const box of ['node first "', 'node second attention"', 'node ended final"', 'cluster holder"'])
    t.is(count(svg, new RegExp(box.replace(' "', ' ?"'))), 1, box);
  t.false(svg.includes('inner'));
});

test('what leads from one state to another is one arrow; what stays within a state is none', async (t) => {
  // first → second, second → first (from within, to what holds it), second → ended, all of open → ended
  t.is(count(await draw(), /class="edge"/), 4);
});

test('an arrow names all events that lead along it, each once', async (t) => {
  const texts = [...(await draw()).matchAll(/<g class="edge">.*?<\/g>/g)].map(([edge]) =>
    [...edge.matchAll(/<text[^>]*>([^<]*)</g)].map(([, label]) => label?.trim()),
  );
  t.deepEqual(texts.flat().sort(), ['BACK', 'GO', 'GO', 'STOP']);
  const svg = await drawMachine(registrationMachine, {
    key: 'named',
    title: (state) => state,
    label: 'x',
    outcomes: effectOutcomes,
  });
  for (const label of ['SUBMITTED', 'RETRY', 'after lookupRetry', 'found', 'created', 'sent', 'failed'])
    t.regex(svg, new RegExp(`>\\s*${label}\\s*<`), label);
  t.false(/isPartner|hasCooledDown|xstate\./.test(svg));
});

test('the picture has a name, and neither style nor id nor anything else that a page could stumble over', async (t) => {
  const svg = await draw();
  t.true(svg.startsWith('<svg class="machine" role="img" aria-label="A &quot;machine&quot;"'));
  t.false(/ style=| id=|<style|<\?xml|<!|fill=|stroke=|<title/.test(svg));
});

test('one state is lit, and each drawing has its own notes, as text', async (t) => {
  const plain = await draw({ key: 'notes', notes: {} });
  const lit = await draw({ key: 'notes', current: 'second', notes: { first: '<b>3</b> · 2 h', second: '$&' } });
  t.is(count(plain, / current /), 0);
  t.is(count(lit, /class="node second current attention"/), 1);
  t.true(lit.includes('>&lt;b&gt;3&lt;/b&gt; · 2 h</text>'));
  t.true(lit.includes('>$&amp;</text>'));
  t.false(`${plain}${lit}`.includes('@'));
});

test('titles of any letters are drawn as they are', async (t) => {
  const svg = await draw({ key: 'letters', title: (state) => `${state} <\\N> & "Ünï"` });
  t.true(svg.includes('&lt;\\N&gt;'));
  t.true(svg.includes('Ünï'));
});

test('the states of a registration are those with words, and RETRY is taken where the machine says so', (t) => {
  const names = registrationStates.map(({ name }) => name);
  t.true(names.includes('awaitingProof'));
  for (const inner of ['open', 'telling', 'told', 'current']) t.false(names.includes(inner), inner);
  t.deepEqual(retryStates, ['mailUndeliverable', 'lookupParked', 'creationBlocked']);
  t.is(registrationMachine.id, 'registration');
});
