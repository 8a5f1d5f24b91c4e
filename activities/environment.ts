import { z } from 'zod';
import { SecretKeys } from '../db/secret-keys.js';

/** What the worker is told by its environment; docs/operating.md explains each. Throws one sentence a fault. */
const environment = z
  .object({
    DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
    DATABASE_TLS: z.enum(['required', 'off']).default('off'),
    TEMPORAL_ADDRESS: z.string().min(1),
    TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
    TEMPORAL_TLS: z.enum(['required', 'off']).default('off'),
    TEMPORAL_API_KEY: z.string().min(1).optional(),
    TEMPORAL_TASK_QUEUE: z.string().min(1).default('registration'),
    SMTP_URL: z.url({ protocol: /^smtps?$/ }),
    SMTP_TLS: z.enum(['required', 'off']).optional(),
    MAIL_FROM: z.string().min(3),
    PUBLIC_URL: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, '')),
    SECRET_KEYS: z.string().transform((text, context) => {
      try {
        return SecretKeys.parse(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
        return z.NEVER;
      }
    }),
    VESTIBULE_MODE: z.enum(['production', 'development']).default('production'),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  })
  .transform((env) => ({
    ...env,
    SMTP_TLS: env.SMTP_TLS ?? (env.VESTIBULE_MODE === 'production' ? 'required' : 'off'),
  }));

export type WorkerEnvironment = z.infer<typeof environment>;

export function readEnvironment(env: NodeJS.ProcessEnv): WorkerEnvironment {
  const result = environment.safeParse(env);
  if (result.success) return result.data;
  throw new Error(result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'));
}
