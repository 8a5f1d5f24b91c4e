import { z } from 'zod';
import { SecretKeys } from './secret-keys.js';

const tls = z.enum(['required', 'off']).optional();

/** What every process of the service is told by its environment; docs/operating.md explains each variable. */
export const sharedEnvironment = {
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  DATABASE_TLS: tls,
  TEMPORAL_ADDRESS: z.string().min(1),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  TEMPORAL_TLS: tls,
  TEMPORAL_API_KEY: z.string().min(1).optional(),
  TEMPORAL_TASK_QUEUE: z.string().min(1).default('registration'),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, '')),
  SECRET_KEYS: z.string().transform((text, context) => {
    try {
      return SecretKeys.parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  }),
  /** Where a Partner Provider may be: also over http, on any port and on private addresses (security.md F1). */
  PROVIDER_ALLOWED_ORIGINS: z.string().default('').transform(readOrigins),
  /** The same for webhooks. */
  WEBHOOK_ALLOWED_ORIGINS: z.string().default('').transform(readOrigins),
  VESTIBULE_MODE: z.enum(['production', 'development']).default('production'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
};

/** Reads a process's environment; throws one sentence a fault, each naming its variable. */
export function parseEnvironment<Schema extends z.ZodType>(schema: Schema, env: NodeJS.ProcessEnv): z.output<Schema> {
  const result = schema.safeParse(env);
  if (!result.success)
    throw new Error(result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'));
  const { VESTIBULE_MODE, PUBLIC_URL } = result.data as { VESTIBULE_MODE?: string; PUBLIC_URL?: string };
  if (VESTIBULE_MODE === 'production' && PUBLIC_URL && new URL(PUBLIC_URL).protocol !== 'https:')
    throw new Error('PUBLIC_URL: must start with https:// in production, for cookies and links to be safe');
  return result.data;
}

/** Whether a connection must be encrypted: as the variable says, else in production (security.md D11). */
export const needsTls = (setting: 'required' | 'off' | undefined, mode: 'production' | 'development'): boolean =>
  (setting ?? (mode === 'production' ? 'required' : 'off')) === 'required';

/** How every process reaches Temporal: with an API key (Temporal Cloud) always encrypted. */
export function temporalConnection(
  env: Pick<
    z.infer<z.ZodObject<typeof sharedEnvironment>>,
    'TEMPORAL_ADDRESS' | 'TEMPORAL_TLS' | 'TEMPORAL_API_KEY' | 'VESTIBULE_MODE'
  >,
) {
  const { TEMPORAL_ADDRESS, TEMPORAL_TLS, TEMPORAL_API_KEY, VESTIBULE_MODE } = env;
  return {
    address: TEMPORAL_ADDRESS,
    tls: needsTls(TEMPORAL_TLS, VESTIBULE_MODE) || TEMPORAL_API_KEY !== undefined,
    ...(TEMPORAL_API_KEY ? { apiKey: TEMPORAL_API_KEY } : {}),
  };
}

/** "https://api.example.com,http://10.0.0.7:8080", each as a browser would write it. */
function readOrigins(text: string, context: z.RefinementCtx): string[] {
  const origins: string[] = [];
  for (const typed of text.split(',').map((part) => part.trim())) {
    if (typed === '') continue;
    const url = URL.canParse(typed) ? new URL(typed) : undefined;
    // Nothing but an origin: a path or a pattern would promise what is not kept.
    if (url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/` && !/[?*]/.test(typed))
      origins.push(url.origin);
    else context.addIssue({ code: 'custom', message: 'must be origins, such as https://partners.example.com' });
  }
  return origins;
}
