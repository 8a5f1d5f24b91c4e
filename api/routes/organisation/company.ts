import { z } from 'zod';
import { type Company, type CompanyChange, changeCompany, companyVersion, findCompany } from '../../../db/company.js';
import { organisationOf } from '../../../db/organisations.js';
import { RequestError } from '../../errors.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { CompanyPage } from '../../pages/account/company-page.js';
import type { FieldErrors } from '../../pages/models.js';
import { showPage } from '../../show-page.js';
import { done, formFields } from '../console/console-request.js';
import { takeDone } from '../console/take-done.js';
import { countries } from '../registrations/countries.js';
import { company, fieldErrors } from '../registrations/schema.js';
import type { Wiring } from '../wiring.js';
import { actorOf } from './actor.js';

const path = '/account/company';
const version = z.string().max(100);
const text = z.string().optional();
const companyForm = z.strictObject({
  ...formFields,
  version,
  ...(Object.fromEntries(Object.keys(company).map((name) => [name, text])) as Record<
    keyof typeof company,
    typeof text
  >),
});
/** As strict as the registration, whose fields these are. */
const typedCompany = z.strictObject(company);
const companyBody = z.strictObject({
  name: company.companyName,
  street: company.companyStreet,
  postalCode: company.companyPostalCode,
  city: company.companyCity,
  country: company.companyCountry,
  vatNumber: company.companyVatNumber,
  version,
});
const organisation = z.strictObject({
  id: z.uuid(),
  kind: z.enum(['customer', 'partner']),
  name: z.string(),
  street: z.string().optional(),
  postalCode: z.string().optional(),
  city: z.string().optional(),
  country: z.string().optional(),
  vatNumber: z.string().optional(),
  /** To be sent along with a change. */
  version,
});

interface Shown {
  form?: Partial<Record<string, string>>;
  version?: string;
  errors?: FieldErrors;
  error?: string;
}

/** The company data of an organisation: read by its people, changed by its administrators. */
export function companyRoutes({ services: { db }, secure }: Wiring): Route[] {
  async function show(ctx: Context, { form, version, errors = {}, error }: Shown = {}, status = 200) {
    const stored = await findCompany(db, ctx.state.user!);
    const model = {
      answers: form ?? formOf(stored),
      version: version ?? companyVersion(stored),
      errors,
      error,
      countries: countries(ctx.state.language),
      done: status === 200 ? takeDone(ctx, secure) : undefined,
    };
    showPage(ctx, CompanyPage, model, status);
  }

  const change = (ctx: Context, { version, becomes }: Pick<CompanyChange, 'version' | 'becomes'>) =>
    db.transaction((trx) => changeCompany(trx, { ...actorOf(ctx), version, becomes }));

  async function submit(ctx: Context) {
    const { formToken, version, ...form } = bodyOf(ctx, companyForm);
    const parsed = typedCompany.safeParse(form);
    if (!parsed.success) return show(ctx, { form, version, errors: fieldErrors(parsed.error) }, 400);
    const { companyName, companyStreet, companyPostalCode, companyCity, companyCountry, companyVatNumber } =
      parsed.data;
    const address = {
      street: companyStreet,
      postal_code: companyPostalCode,
      city: companyCity,
      country: companyCountry,
    };
    const becomes = { name: companyName, ...address, vat_number: companyVatNumber ?? null };
    const outcome = await change(ctx, { version, becomes });
    if (outcome === 'actorGone') throw new RequestError('forbidden');
    if (outcome === 'stale') return show(ctx, { error: 'staleEdit' }, 409);
    done(ctx, path, 'saved', secure);
  }

  const read = async (ctx: Context) => {
    ctx.body = present(ctx, await findCompany(db, ctx.state.user!));
  };

  async function replace(ctx: Context) {
    const { version, postalCode, vatNumber = null, ...same } = bodyOf(ctx, companyBody);
    const becomes = { ...same, postal_code: postalCode, vat_number: vatNumber };
    const outcome = await change(ctx, { version, becomes });
    if (outcome === 'actorGone') throw new RequestError('forbidden');
    if (outcome === 'stale') throw new RequestError('staleEdit');
    await read(ctx);
  }

  const page = { kind: 'page', audience: 'user-admin', path } as const;
  const api = { kind: 'api', path: '/api/v1/organisation' } as const;
  return [
    { ...page, method: 'get', handle: (ctx) => show(ctx) },
    { ...page, method: 'post', body: companyForm, handle: submit },
    {
      ...api,
      method: 'get',
      audience: 'user',
      summary: 'The organisation of the signed-in user',
      responses: { 200: { description: 'Name and address', body: organisation } },
      handle: read,
    },
    {
      ...api,
      method: 'put',
      audience: 'user-admin',
      summary: 'Changes name and address; `version` is the one that was read',
      body: companyBody,
      responses: { 200: { description: 'As it is now', body: organisation } },
      handle: replace,
    },
  ];
}

const formOf = ({ name, street, postal_code, city, country, vat_number }: Company) => ({
  companyName: name,
  companyStreet: street ?? undefined,
  companyPostalCode: postal_code ?? undefined,
  companyCity: city ?? undefined,
  companyCountry: country ?? undefined,
  companyVatNumber: vat_number ?? undefined,
});

function present(ctx: Context, company: Company): z.infer<typeof organisation> {
  const { kind, id } = organisationOf(ctx.state.user!);
  const { name, street, postal_code, city, country, vat_number } = company;
  const optional = { street, postalCode: postal_code, city, country, vatNumber: vat_number };
  const known = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null));
  return { id, kind, name, ...known, version: companyVersion(company) };
}
