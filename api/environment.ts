import { isIP } from 'node:net';
import { z } from 'zod';
import { parseEnvironment, sharedEnvironment } from '../db/environment.js';
import { defaultLimits, type Limits } from './rate-limits.js';

/** "startsPerSource=1000,mailsOverall=500": other numbers for the limits of `rate-limits.ts`. */
const limits = z
  .string()
  .default('')
  .transform((text, context): Limits => {
    const changed: Record<string, number> = {};
    for (const pair of text.split(',').filter(Boolean)) {
      const [name = '', number] = pair.split('=');
      if (Object.hasOwn(defaultLimits, name) && /^\d+$/.test(number ?? '')) changed[name] = Number(number);
      else
        context.addIssue({ code: 'custom', message: `"${pair}" is not one of ${Object.keys(defaultLimits)}=<number>` });
    }
    return { ...defaultLimits, ...changed };
  });

const environment = z.object({
  ...sharedEnvironment,
  TEMPORAL_UI_URL: z.url().optional(),
  /** Of the development mail catcher; shown on "Check your mailbox". */
  INBOX_URL: z.url().optional(),
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((address) => address.trim())
        .filter(Boolean),
    )
    .refine((addresses) => addresses.every(isAddressOrNetwork), 'must be addresses or networks, such as 10.0.0.0/8'),
  LIMITS: limits,
});

function isAddressOrNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = { 4: 32, 6: 128 }[isIP(address)];
  return bits !== undefined && rest.length === 0 && (prefix === undefined || (/^\d+$/.test(prefix) && +prefix <= bits));
}

export type ApiEnvironment = z.infer<typeof environment>;

/** What the API is told by its environment. Throws one sentence a fault. */
export const readEnvironment = (env: NodeJS.ProcessEnv): ApiEnvironment => parseEnvironment(environment, env);
