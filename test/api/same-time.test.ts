import test from 'ava';
import { assertSameTime } from '../helpers/same-time.js';

/** Milliseconds of work, and as much again by chance. */
const work = (usual: number) => () => new Promise((resolve) => setTimeout(resolve, usual + Math.random() * 2 * usual));

test('what takes the same time passes, what takes 30 ms longer fails: the comparison can tell', async (t) => {
  await assertSameTime(t, 30, work(3), work(3));
  const told = await t.try((inner) => assertSameTime(inner, 30, work(3), () => work(3)().then(work(15))));
  told.discard();
  t.false(told.passed);
});
