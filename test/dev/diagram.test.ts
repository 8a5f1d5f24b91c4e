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

test('what is inside a state that people read about is not drawn: its effect and its arrows are those of the state', (t) => {
  t.notRegex(drawn, /\b(telling|told) :|--> (telling|told|current)\b|state lookupParked \{/);
  t.regex(drawn, /note right of lookupParked : runs notifyLookupDelayed/);
  t.regex(drawn, /class lookupParked attention/);
  t.regex(drawn, /lookupParked --> lookupParked : .*LINK_REQUESTED \[hasCooledDown\]/);
});

test('an extension leads back to where it came from, which is drawn as the state around', (t) => {
  t.regex(drawn, /open --> open : .*EXTEND/);
});

test('a condition is told where it decides, and left out where both ways lead to the same state', (t) => {
  t.regex(drawn, /resolvingPartner --> sendingActivation : codeInvalid \[isAwaited\]/);
  t.regex(drawn, /resolvingPartner --> awaitingDetails : codeInvalid\n/);
  t.regex(drawn, /resolvingPartner --> lookupParked : misconfigured<br\/>failed\n/);
  t.regex(drawn, /awaitingDetails --> resolvingPartner : SUBMITTED \[isPartner\]/);
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
