import { z } from 'zod';
import { loadProfile, saveProfile } from '../../../db/account-profiles.js';
import { RequestError } from '../../errors.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { languageNames, languages } from '../../i18n.js';
import { chooseLanguage } from '../../middleware/language.js';
import { type ProfileForm, ProfilePage } from '../../pages/account/profile-page.js';
import type { FieldErrors } from '../../pages/models.js';
import { showPage } from '../../show-page.js';
import { canonicalTimeZone, timeZoneGroups } from '../../time-zones.js';
import { done, formFields } from '../console/console-request.js';
import { takeDone } from '../console/take-done.js';
import { versionOf } from '../console/typed-text.js';
import { fieldErrors, person } from '../registrations/schema.js';
import type { Wiring } from '../wiring.js';
import { me, presentAccount } from './present.js';

const path = '/account/profile';
const timeZone = z.string({ error: 'required' }).transform((typed, context) => {
  const name = canonicalTimeZone(typed);
  if (name) return name;
  context.addIssue({ code: 'custom', message: 'invalidChoice' });
  return z.NEVER;
});
/** Nothing but what is one's own to choose: e-mail, organisation and rights have their own ways (security.md A4). */
const profile = z.strictObject({
  ...person,
  language: z.enum(languages, { error: 'invalidChoice' }),
  timeZone,
});
const profileBody = profile.extend({ version: z.int() });
const text = z.string().optional();
const profileForm = z.strictObject({
  ...formFields,
  version: z.string().max(20),
  givenName: text,
  familyName: text,
  phone: text,
  language: text,
  timeZone: text,
});

/** Name, phone, language and time zone, as the person wants them. */
export function profileRoutes({ services: { db }, secure }: Wiring): Route[] {
  const ownId = (ctx: Context) => ctx.state.user!.userId;

  interface Shown {
    /** As typed; absent: as stored. */
    form?: ProfileForm;
    /** That the typed one was made from. */
    version?: number;
    errors?: FieldErrors;
    stale?: boolean;
  }

  async function show(ctx: Context, { form, version, errors = {}, stale }: Shown = {}, status = 200) {
    const { user } = await loadProfile(db, ownId(ctx));
    const { given_name: givenName, family_name: familyName, phone, language, time_zone: timeZone } = user;
    const model = {
      form: form ?? { givenName, familyName, phone: phone ?? '', language, timeZone },
      version: version ?? user.profile_version,
      errors,
      stale,
      done: status === 200 ? takeDone(ctx, secure) : undefined,
      languages: Object.entries(languageNames) as [string, string][],
      timeZones: timeZoneGroups,
    };
    showPage(ctx, ProfilePage, model, status);
  }

  async function submit(ctx: Context) {
    const { formToken, version: typedVersion, ...form } = bodyOf(ctx, profileForm);
    const version = versionOf(typedVersion);
    const parsed = profile.safeParse(form);
    if (!parsed.success) return show(ctx, { form, version, errors: fieldErrors(parsed.error) }, 400);
    if ((await saveProfile(db, ownId(ctx), version, parsed.data)) === 'stale') return show(ctx, { stale: true }, 409);
    chooseLanguage(ctx, parsed.data.language, { secure });
    done(ctx, path, 'saved', secure);
  }

  async function replace(ctx: Context) {
    const { version, ...fields } = bodyOf(ctx, profileBody);
    if ((await saveProfile(db, ownId(ctx), version, fields)) === 'stale') throw new RequestError('staleEdit');
    ctx.body = presentAccount(await loadProfile(db, ownId(ctx)));
  }

  return [
    { kind: 'page', method: 'get', path, audience: 'user', handle: (ctx) => show(ctx) },
    { kind: 'page', method: 'post', path, audience: 'user', body: profileForm, handle: submit },
    {
      kind: 'api',
      method: 'put',
      path: '/api/v1/me',
      audience: 'user',
      summary: 'Changes name, phone, language and time zone; `version` is the one that was read',
      body: profileBody,
      responses: { 200: { description: 'As it is now', body: me } },
      handle: replace,
    },
  ];
}
