import { readFileSync } from 'node:fs';
import test from 'ava';
import { setup } from 'xstate';
import { toMermaid } from '../../dev/diagram.js';
import { effectOutcomes, registrationMachine } from '../../machines/registration.js';

const drawn = toMermaid(registrationMachine, effectOutcomes);

test('the diagram in the docs shows the machine as it is', (t) => {
  const saved = readFileSync(new URL('../../../docs/registration.mmd', import.meta.url), 'utf8');
  t.is(saved, drawn, 'run `npm run diagram` and commit the result');
});

test('every state is drawn with its name and title, an effect as a note, one that needs attention in its style', (t) => {
  t.regex(drawn, /creationBlocked : creationBlocked<br\/>The account could not be created/);
  t.regex(drawn, /class creationBlocked attention/);
  t.notRegex(drawn, /class awaitingProof attention/);
  t.regex(drawn, /note right of sendingActivation : runs sendActivationMail/);
  t.regex(drawn, /expired --> \[\*\]/);
});

test('every arrow says what happens, under which condition and after which delay', (t) => {
  t.regex(drawn, /awaitingProof --> sendingActivation : LINK_REQUESTED \[hasCooledDown\]/);
  t.regex(drawn, /open --> expired : after reminderOrExpiry/);
  t.regex(drawn, /creationBlocked --> creatingAccount : RETRY<br\/>after creationRetry \[hasCreationRetriesLeft\]/);
});

test('every outcome of every effect stands on an arrow, also the one that the machine takes by default', (t) => {
  for (const outcome of Object.values(effectOutcomes).flat()) t.regex(drawn, new RegExp(` : .*\\b${outcome}\\b`));
});

test('words that Mermaid would read as its own signs are written otherwise', (t) => {
  const machine = setup({}).createMachine({
    initial: 'one',
    states: { one: { meta: { title: 'One: the first; #1' }, on: { NEXT: 'two' } }, two: { type: 'final' } },
  });
  const lines = toMermaid(machine).split('\n');
  t.true(lines.includes('  one : one<br/>One – the first – –1'));
  t.true(lines.includes('  one --> two : NEXT'));
});
