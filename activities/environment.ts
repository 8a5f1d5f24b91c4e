import { z } from 'zod';
import { parseEnvironment, sharedEnvironment } from '../db/environment.js';

const environment = z.object({
  ...sharedEnvironment,
  SMTP_URL: z.url({ protocol: /^smtps?$/ }),
  SMTP_TLS: z.enum(['required', 'off']).optional(),
  MAIL_FROM: z.string().min(3),
});

export type WorkerEnvironment = z.infer<typeof environment>;

/** What the worker is told by its environment. Throws one sentence a fault. */
export const readEnvironment = (env: NodeJS.ProcessEnv): WorkerEnvironment => parseEnvironment(environment, env);
