/** What is typed into the form of an application, and what of it is right. */
import { z } from 'zod';
import type { Application, ApplicationValues } from '../../../db/applications.js';
import type { FieldErrors } from '../../pages/models.js';
import { fieldErrors } from '../registrations/schema.js';
import { formFields } from './console-request.js';
import { line, lines } from './typed-text.js';

const longText = z.string().max(20_000).optional();

export const typedApplication = z.strictObject({
  ...formFields,
  /** Of the application that is to be made: the form that is sent twice makes one. */
  id: z.uuid().optional(),
  /** Of an existing one. */
  version: z.string().max(20).optional(),
  name: z.string().max(1_000).optional(),
  redirectUris: longText,
  postLogoutRedirectUris: longText,
  firstParty: z.literal('on').optional(),
  isPublic: z.literal('on').optional(),
});
export type TypedApplication = z.output<typeof typedApplication>;

const mostAddresses = 20;
const longestAddress = 500;

/** One address a line, exactly as the application will name it. */
const addresses = (isDevelopment: boolean) =>
  lines(20_000)
    .transform((text) => [...new Set(text.split('\n').map((typed) => typed.trim()))].filter(Boolean))
    .refine((list) => list.length <= mostAddresses, 'tooLong')
    .refine((list) => list.every((address) => isOwnAddress(address, isDevelopment)), 'invalidAddress');

/** On https, or on this very machine while developing; a part with a star or a fragment would promise what is not kept. */
function isOwnAddress(address: string, isDevelopment: boolean): boolean {
  const url = URL.canParse(address) && !/[*#\s\\]/.test(address) ? new URL(address) : undefined;
  if (!url || url.username || url.password || address.length > longestAddress) return false;
  return url.protocol === 'https:' || (isDevelopment && url.protocol === 'http:' && url.hostname === 'localhost');
}

export function judgeApplication(
  typed: TypedApplication,
  isDevelopment: boolean,
): { values: ApplicationValues } | { errors: FieldErrors } {
  const judged = z
    .object({
      name: line(100).refine((text) => text !== '', 'required'),
      redirectUris: addresses(isDevelopment).refine((list) => list.length > 0, 'required'),
      postLogoutRedirectUris: addresses(isDevelopment),
    })
    .safeParse({
      name: typed.name ?? '',
      redirectUris: typed.redirectUris ?? '',
      postLogoutRedirectUris: typed.postLogoutRedirectUris ?? '',
    });
  if (!judged.success) return { errors: fieldErrors(judged.error) };
  const { name, redirectUris, postLogoutRedirectUris } = judged.data;
  const uris = { redirect_uris: redirectUris, post_logout_redirect_uris: postLogoutRedirectUris };
  return { values: { name, ...uris, first_party: typed.firstParty === 'on' } };
}

/** The form's fields as a stored application fills them. */
export const typedFrom = (application: Application): TypedApplication => ({
  version: String(application.version),
  name: application.name,
  redirectUris: application.redirect_uris.join('\n'),
  postLogoutRedirectUris: application.post_logout_redirect_uris.join('\n'),
  ...(application.first_party ? { firstParty: 'on' } : {}),
});
