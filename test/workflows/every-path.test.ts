import { ApplicationFailure } from '@temporalio/common';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { type Effects, effectOutcomes, finalNotices } from '../../machines/registration.js';
import type { RegistrationView } from '../../workflows/messages.js';
import {
  everyPath,
  externalTypes,
  type MachineEvent,
  nameOf,
  type Path,
  recordedName,
  running,
  type Step,
  stateOf,
  lifetimes as usual,
} from '../machines/paths.js';
import { type Activities, Engine, type Mocks, type Opened } from './engine.js';
import { chooseJourneys, isTimerDuringEffect, type Journey, kindOf } from './journeys.js';
import { Held, type Line, notAtOnce, settle } from './records.js';

/** In a box of its own, for it is replaced now and then. */
interface Context {
  box: { engine: Engine };
}
const test = anyTest as TestFn<Context>;

test.before(async (t) => {
  t.context.box = { engine: await Engine.start() };
});
test.after.always((t) => t.context.box?.engine.stop());

const variants = [
  { name: 'with a reminder', changed: {} },
  { name: 'without a reminder', changed: { reminder: undefined } },
];

const taken = new Set<string>();
for (const { name, changed } of variants) {
  const journeys = chooseJourneys(changed, taken);

  test(`the journeys ${name} complete the transitions of the machine, but for timers that an effect outlasts`, (t) => {
    const steps = [...new Set(everyPath(changed).flat())];
    const left = steps.filter((step) => !taken.has(kindOf(step)) && !isTimerDuringEffect(step));
    t.deepEqual([...new Set(left.map(kindOf))], []);
    t.true(journeys.length < 70, `${journeys.length} journeys take too long`);
  });

  for (const [index, journey] of journeys.entries()) {
    const way = index % 2 ? 'signals' : 'updates';
    const { path } = journey;
    const told = path.length > 6 ? `… ${path.length} steps` : path.map(({ event }) => nameOf(event)).join(', ');
    test.serial(`${name} and by ${way} the workflow goes the machine's way ${index + 1}: ${told}`, goes, journey, way);
  }
}

/** Takes the workflow along a path of the machine, and compares where it is, what it takes and what it has recorded. */
async function goes(
  t: ExecutionContext<Context>,
  { path, lifetimes }: Journey,
  way: 'updates' | 'signals',
): Promise<void> {
  const { engine } = t.context.box;
  // Half of the journeys find the partner in our own table, half ask the provider.
  const effects = hold(way === 'signals');
  const opened = await engine.open(lifetimes, effects.mocks);
  // An event that came with the very first task would let the mail be dropped before anybody was asked to send it.
  await effects.called('sendActivationMail');
  const answers: Promise<RegistrationView>[] = [];
  const overtaken: (keyof Effects)[] = [];
  let isUndisturbed = true;
  for (const [index, step] of path.entries()) {
    const { event, from, to } = step;
    const [left] = running(from).filter((effect) => from.children[effect] !== to.children[effect]);
    const isOvertaking = left && !isOutcome(step);
    if (isOutcome(step)) await effects.answer(opened, step);
    else if (event.type.startsWith('xstate.after.')) await opened.pass(event.type.split('.')[2]!);
    else {
      if (event.type === 'LINK_REQUESTED' && !(await opened.view()).allowed.includes(event.type))
        await engine.sleep(usual.resendCooldown + 1);
      const sent = { ...event, actor: 'someone' };
      // Of an update one knows when its workflow task is over, which is needed before a late result may come.
      if (way === 'updates' || isOvertaking) answers.push(opened.update(sent));
      else await opened.signal(sent);
    }
    if (isOvertaking) {
      overtaken.push(left);
      isUndisturbed = false;
    }
    await arrive(t, opened, effects, index, step, overtaken);
    // What an effect that was left still does comes too late, and changes nothing. (In the middle of a workflow task it
    // would make the server repeat that task, which has a test of its own.)
    if (to.status === 'active' && overtaken.length > 0 && !running(to).some(isWithinTask)) {
      if (running(to).length === 0) await Promise.all(answers);
      for (const effect of overtaken.splice(0)) await effects.answerLate(opened, effect);
    }
  }
  t.deepEqual(
    (await Promise.all(answers)).map(({ state }) => state),
    restsAfter(path, way),
  );
  const end = path.at(-1)!.to;
  t.deepEqual(await opened.result(), { state: stateOf(end) });
  for (const effect of overtaken) await effects.answerLate(opened, effect);
  // The test server never skips time again after a workflow has ended before its activity.
  if (overtaken.length > 0) t.context.box.engine = await engine.stop().then(() => Engine.start());
  t.deepEqual(opened.recorded(), path.map(lineOf), 'every step is recorded, as the machine has it');
  t.is(opened.records.state, stateOf(end));
  t.deepEqual(opened.records.contradictions, [], 'no number is given to two steps');
  // An effect that was overtaken writes the steps before it once more, which changes nothing.
  if (isUndisturbed) t.deepEqual(opened.records.words, [...new Set(opened.records.words)], 'no step is recorded twice');
  const { context } = end;
  t.deepEqual(effects.told, context.awaited ? [[finalNotices[stateOf(end) as Final], context.mailSequence + 1]] : []);
}

type Final = keyof typeof finalNotices;
const isOutcome = ({ event }: Step) => /^xstate\.(done|error)\.actor\./.test(event.type);
const isExternal = ({ type }: MachineEvent) => (externalTypes as readonly string[]).includes(type);
/** Local activities: while one runs, so does the workflow task, in which a query would wait. */
const isWithinTask = (effect: keyof Effects) => effect === 'createAccount' || effect === 'resolvePartner';

/** Waits until the step has been taken: the effect that it starts is called, or the state that it leads to recorded. */
async function arrive(
  t: ExecutionContext,
  opened: Opened,
  effects: ReturnType<typeof hold>,
  index: number,
  { from, to }: Step,
  overtaken: string[],
): Promise<void> {
  const [effect] = running(to);
  if (effect && from.children[effect] !== to.children[effect])
    await effects.called(effect, overtaken.filter((other) => other === effect).length + 1);
  if (effect && isWithinTask(effect)) return;
  if (!effect)
    await opened.records.until(() => opened.records.state === stateOf(to) && opened.records.lines.size > index);
  if (to.status !== 'active') return;
  // A record is written, or an update's request sent, a moment before the machine has taken it.
  const view = await opened.viewWhen(({ state, proven }) => state === stateOf(to) && proven === to.context.proven);
  t.is(view.problem, to.context.problem);
  t.deepEqual(new Set(Object.keys(view.deadlines)), new Set(timersOf(to)));
}

/** The names of the timers that run in a state. */
function timersOf({ _nodes }: Step['to']): string[] {
  return _nodes.flatMap((node) => node.after.map(({ eventType }) => eventType.split('.')[2]!));
}

/** What each update answers: the state in which nothing runs any more that anybody waits for. */
function restsAfter(path: Path, way: 'updates' | 'signals'): string[] {
  return path.flatMap(({ event, from, to }, index) => {
    const isOvertaking = running(from).some((effect) => from.children[effect] !== to.children[effect]);
    if (!isExternal(event) || (way === 'signals' && !isOvertaking)) return [];
    return [stateOf(path.slice(index).find((later) => !later.to.hasTag('busy'))!.to)];
  });
}

function lineOf({ from, event, to }: Step, index: number): Line {
  const { problem } = to.context;
  return {
    sequence: index + 1,
    from: stateOf(from),
    event: recordedName(event),
    to: stateOf(to),
    actor: isExternal(event) ? 'someone' : 'system',
    attention: to.hasTag('attention'),
    final: to.status === 'done',
    ...(problem ? { problem } : {}),
  };
}

/** Effects that end when the path says so, and as it says. */
function hold(byProvider: boolean) {
  type Call<E extends keyof Activities> = Held<Parameters<Activities[E]>[0], Awaited<ReturnType<Activities[E]>>>;
  const held = {
    sendActivationMail: new Held() as Call<'sendActivationMail'>,
    resolvePartner: new Held() as Call<'lookUpPartner'>,
    notifyLookupDelayed: new Held() as Call<'notifyLookupDelayed'>,
    notifyApprovalAwaited: new Held() as Call<'notifyApprovalAwaited'>,
    createAccount: new Held() as Call<'createAccount'>,
  } satisfies Record<keyof Effects, unknown>;
  const told: [string, number][] = [];
  return {
    /** Which mails about the outcome were sent, under which number. */
    told,
    mocks: (() => ({
      sendActivationMail: notAtOnce(held.sendActivationMail.run),
      resolvePartner: byProvider ? async () => ({ outcome: 'askProvider' }) : held.resolvePartner.run,
      lookUpPartner: held.resolvePartner.run,
      notifyLookupDelayed: held.notifyLookupDelayed.run,
      notifyApprovalAwaited: held.notifyApprovalAwaited.run,
      createAccount: held.createAccount.run,
      tellOutcome: async ({ template, sequence }) => void told.push([template, sequence]),
    })) as Mocks,
    called: (effect: keyof Effects, calls = 1) => held[effect].waiting(calls),
    answer: async (opened: Opened, { event }: Step) => {
      const effect = event.type.split('.')[3] as keyof Effects;
      const call = await held[effect].next();
      if (event.output) return call.answer(settle(opened.records, call.input as never, event.output.outcome) as never);
      call.fail(ApplicationFailure.nonRetryable('down', 'Down'));
      // What fails within the task is tried once more, as an activity of its own.
      if (effect === 'createAccount' || (effect === 'resolvePartner' && !byProvider))
        (await held[effect].next()).fail(ApplicationFailure.nonRetryable('down', 'Down'));
    },
    /** Answers a call that nobody waits for any more, and sees that the engine has heard it. */
    answerLate: async (opened: Opened, effect: keyof Effects) => {
      const heard = await completed(opened);
      const call = await held[effect].next();
      call.answer(settle(opened.records, call.input as never, effectOutcomes[effect][0]) as never);
      while ((await completed(opened)) === heard && (await opened.isRunning()));
    },
  };
}

const completed = async (opened: Opened) =>
  (await opened.eventTypes()).filter((type) => type === 'ACTIVITY_TASK_COMPLETED').length;
