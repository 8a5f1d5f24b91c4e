import { z } from 'zod';
import { checkUrlForm, codePlaceholder, longestUrl } from '../endpoint.js';
import type { ProviderMetadata } from '../metadata.js';
import { isUsableHeaderName } from './header-name.js';

/** In seconds; below the time that the engine gives the whole activity (security.md F4). */
const longestTimeLimit = 10;
const usualTimeLimit = 5;

/** Of a piece of text that goes into a header or a form. */
const line = (most: number) =>
  z
    .string({ error: 'required' })
    .trim()
    .min(1, 'required')
    .max(most, 'tooLong')
    .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), 'invalidCharacters');

const url = line(longestUrl).superRefine((text, context) => {
  const fault = checkUrlForm(text);
  if (fault) context.addIssue({ code: 'custom', message: fault });
});

/** A form sends its numbers as text, and an empty field as an empty one. */
const timeLimitSeconds = z.preprocess(
  (given) => (given === '' ? undefined : typeof given === 'string' ? Number(given) : given),
  z
    .number({ error: 'invalidNumber' })
    .int('invalidNumber')
    .min(1, 'outOfRange')
    .max(longestTimeLimit, 'outOfRange')
    .default(usualTimeLimit),
);

const common = { url, timeLimitSeconds };

/** Not strict: a form sends the fields of all kinds of authentication, and those of the others are dropped. */
const configGuard = z.discriminatedUnion(
  'authentication',
  [
    z.object({ ...common, authentication: z.literal('none') }),
    z.object({ ...common, authentication: z.literal('bearer') }),
    z.object({
      ...common,
      authentication: z.literal('basic'),
      // The colon ends the name (RFC 7617): the rest would be taken for the password.
      userName: line(200).refine((name) => !name.includes(':'), 'invalidCharacters'),
    }),
    z.object({
      ...common,
      authentication: z.literal('apiKey'),
      headerName: line(100).refine(isUsableHeaderName, 'headerForbidden'),
    }),
    z.object({
      ...common,
      authentication: z.literal('oauth2'),
      tokenUrl: url.refine((text) => !text.includes(codePlaceholder), 'placeholderForbidden'),
      clientId: line(200),
      scope: z
        .union([z.literal(''), line(500)], { error: 'invalid' })
        .optional()
        .transform((text) => text || undefined),
    }),
  ],
  { error: 'invalidChoice' },
);

export type HttpJsonConfig = z.infer<typeof configGuard>;

const whenAuthentication = (kind: HttpJsonConfig['authentication']) => ({ field: 'authentication', is: [kind] });

const metadata: ProviderMetadata = {
  id: 'http-json',
  fields: [
    { name: 'url', type: 'url' },
    { name: 'authentication', type: 'select', options: ['none', 'bearer', 'basic', 'apiKey', 'oauth2'] },
    { name: 'token', type: 'secret', showWhen: whenAuthentication('bearer') },
    { name: 'userName', type: 'text', showWhen: whenAuthentication('basic') },
    { name: 'password', type: 'secret', showWhen: whenAuthentication('basic') },
    { name: 'headerName', type: 'text', showWhen: whenAuthentication('apiKey') },
    { name: 'apiKey', type: 'secret', showWhen: whenAuthentication('apiKey') },
    { name: 'tokenUrl', type: 'url', showWhen: whenAuthentication('oauth2') },
    { name: 'clientId', type: 'text', showWhen: whenAuthentication('oauth2') },
    { name: 'clientSecret', type: 'secret', showWhen: whenAuthentication('oauth2') },
    { name: 'scope', type: 'text', showWhen: whenAuthentication('oauth2'), optional: true },
    { name: 'signingSecret', type: 'secret', optional: true },
    { name: 'timeLimitSeconds', type: 'number', optional: true },
  ],
};

export const httpJsonSettings = { metadata, configGuard };
