import { z } from 'zod';
import { SecretKeys } from '../db/secret-keys.js';
import { defaultLimits, type Limits } from './rate-limits.js';

/** "startsPerSource=1000,mailsOverall=500": other numbers for the limits of `rate-limits.ts`. */
const limits = z
  .string()
  .default('')
  .transform((text, context): Limits => {
    const changed: Record<string, number> = {};
    for (const pair of text.split(',').filter(Boolean)) {
      const [name = '', number] = pair.split('=');
      if (name in defaultLimits && Number(number) >= 0) changed[name] = Number(number);
      else
        context.addIssue({ code: 'custom', message: `"${pair}" is not one of ${Object.keys(defaultLimits)}=<number>` });
    }
    return { ...defaultLimits, ...changed };
  });

/** What the API is told by its environment; docs/operating.md explains each. */
const environment = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  DATABASE_TLS: z.enum(['required', 'off']).default('off'),
  TEMPORAL_ADDRESS: z.string().min(1),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  TEMPORAL_TLS: z.enum(['required', 'off']).default('off'),
  TEMPORAL_API_KEY: z.string().min(1).optional(),
  TEMPORAL_TASK_QUEUE: z.string().min(1).default('registration'),
  TEMPORAL_UI_URL: z.url().optional(),
  /** Of the development mail catcher; shown on "Check your mailbox". */
  INBOX_URL: z.url().optional(),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, '')),
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
    ),
  SECRET_KEYS: z.string().transform((text, context) => {
    try {
      return SecretKeys.parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  }),
  LIMITS: limits,
  VESTIBULE_MODE: z.enum(['production', 'development']).default('production'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

export type ApiEnvironment = z.infer<typeof environment>;

/** Throws one sentence a fault, naming the variable. */
export function readEnvironment(env: NodeJS.ProcessEnv): ApiEnvironment {
  const result = environment.safeParse(env);
  if (!result.success)
    throw new Error(result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'));
  const { VESTIBULE_MODE, PUBLIC_URL } = result.data;
  if (VESTIBULE_MODE === 'production' && new URL(PUBLIC_URL).protocol !== 'https:')
    throw new Error('PUBLIC_URL: must start with https:// in production, for cookies and links to be safe');
  return result.data;
}
