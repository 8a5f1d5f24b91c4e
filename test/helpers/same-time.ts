import type { ExecutionContext } from 'ava';

/** Milliseconds; security.md §0.4 says 5, on a machine that does nothing else. Two test files share this one. */
const indistinguishable = 15;
/** Milliseconds: a measurement whose own noise is larger proves little, and is made once more with more pairs. */
const tooNoisy = 30;
/** Milliseconds after which a look ends with what it has; a machine that slow is loaded, and more of it tells no more. */
const longestLook = 20_000;
const leastPairs = 10;

type Work = () => Promise<unknown>;

/**
 * Fails if one takes longer than the other. What chance makes is measured first, on the same thing twice (A/A) and by
 * how much single pairs differ; a machine that is busy elsewhere gets a second, longer look instead of a wider bound.
 */
export async function assertSameTime(t: ExecutionContext, pairs: number, one: Work, other: Work): Promise<void> {
  const looks: string[] = [];
  for (const count of [pairs, 2 * pairs]) {
    const { difference, control, noise } = await compareTimes(count, one, other);
    const bound = Math.max(2 * control, 3 * noise, indistinguishable);
    looks.push(`${difference.toFixed(1)} ms, where chance makes ${bound.toFixed(1)} ms`);
    if (difference <= bound && (bound <= tooNoisy || looks.length > 1)) {
      t.log(looks.join('; '));
      t.pass();
      return;
    }
  }
  t.fail(looks.join('; '));
}

/**
 * The median of what `other` took longer than `one` right beside it, of the same for `one` twice, and the standard error
 * of such a median, in milliseconds. Beside each other, for load comes and goes; in random order, for each meets the work
 * that the one before it left behind.
 */
async function compareTimes(pairs: number, one: Work, other: Work) {
  const works = [one, other, one];
  for (const work of works) await work();
  const rounds: number[][] = [];
  const end = performance.now() + longestLook;
  while (rounds.length < pairs && (rounds.length < leastPairs || performance.now() < end)) {
    const times: number[] = [];
    for (const index of shuffled([0, 1, 2])) {
      const started = performance.now();
      await works[index]?.();
      times[index] = performance.now() - started;
    }
    rounds.push(times);
  }
  const differences = rounds.map(([first = 0, second = 0]) => second - first);
  const controls = rounds.map(([first = 0, , again = 0]) => again - first);
  const control = median(controls);
  return {
    difference: Math.abs(median(differences)),
    control: Math.abs(control),
    noise: (standardError * median(controls.map((value) => Math.abs(value - control)))) / Math.sqrt(rounds.length),
  };
}

/** Of a median, by the median absolute deviation: 1.4826 of it is a standard deviation, 1.2533 of that over √n the error. */
const standardError = 1.4826 * 1.2533;
const median = (values: number[]) => values.sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
const shuffled = <Item>(items: Item[]) =>
  items
    .map((item) => ({ item, at: Math.random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
