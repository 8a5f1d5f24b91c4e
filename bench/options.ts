import { parseArgs } from 'node:util';

export const stores = ['memory', 'file'] as const;
/** Where Temporal keeps its histories: in memory, or in an SQLite file as `npm start` does. */
export type Store = (typeof stores)[number];

export const variants = ['floor', 'product', 'without-hash', 'partner-code', 'partner-provider'] as const;
/** What is measured; the README says what each is. */
export type Variant = (typeof variants)[number];
export type PartnerVariant = Extract<Variant, `partner-${string}`>;

export interface Options {
  json: boolean;
  /** How long each figure is measured, after the warm-up. */
  seconds: number;
  stores: readonly Store[];
  variants: readonly Variant[];
  /** How many registrations are under way at once, one measurement each. */
  atOnce: number[];
}

const defaultSeconds = '15';

/** Reads the command line; throws a sentence. */
export function parseOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      seconds: { type: 'string', default: defaultSeconds },
      store: { type: 'string', default: 'both' },
      only: { type: 'string', default: variants.join(',') },
      at: { type: 'string', default: '1,8,32' },
    },
  });
  const atOnce = values.at.split(',').map(Number);
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new Error(`--seconds ${values.seconds}: must be a number above 0`);
  if (!atOnce.every((count) => Number.isInteger(count) && count > 0 && count <= mostAtOnce))
    throw new Error(`--at ${values.at}: must be whole numbers from 1 to ${mostAtOnce}, separated by commas`);
  return {
    json: values.json,
    seconds,
    stores: values.store === 'both' ? stores : [oneOf('--store', values.store, stores)],
    variants: values.only.split(',').map((name) => oneOf('--only', name, variants)),
    atOnce,
  };
}

/** Above, the load generator's own share of the processor decides the figures. */
const mostAtOnce = 256;

function oneOf<Name extends string>(option: string, given: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === given);
  if (!found) throw new Error(`${option} ${given}: must be one of ${names.join(', ')}`);
  return found;
}
