import test from 'ava';
import type { JSX } from 'preact';
import { languages, translator } from '../../api/i18n.js';
import en from '../../api/locales/en.json' with { type: 'json' };
import { AccountPage } from '../../api/pages/account/overview-page.js';
import { AgreementPage } from '../../api/pages/agreement-page.js';
import { CancelPage } from '../../api/pages/cancel-page.js';
import { CheckMailboxPage } from '../../api/pages/check-mailbox-page.js';
import { ConsoleLoginPage, OperatorSetupPage } from '../../api/pages/console/door-pages.js';
import { ConsoleFrame } from '../../api/pages/console/frame.js';
import { ErrorPage } from '../../api/pages/error-page.js';
import { renderPage } from '../../api/pages/layout.js';
import { LinkEndPage } from '../../api/pages/link-end-page.js';
import { LoginPage } from '../../api/pages/login-page.js';
import type {
  AccountModel,
  AgreementModel,
  LinkEndModel,
  LoginModel,
  PageContext,
  RegistrationPageModel,
} from '../../api/pages/models.js';
import { ProcessingPage } from '../../api/pages/processing-page.js';
import { RegistrationPage } from '../../api/pages/registration-page.js';
import { StartPage } from '../../api/pages/start-page.js';

const hostile = `"'><script>alert(1)</script>&`;
const token = 'tokenThatIsSecret';

const agreements: AgreementModel[] = [
  { versionId: 'v-terms', document: 'terms', version: 3, title: 'Terms', body: `Hello\n\n## First ${hostile}\n\nText` },
  { versionId: 'v-privacy', document: 'privacy', version: 2, title: 'Privacy', body: 'Short.' },
];

const registration: RegistrationPageModel = {
  token,
  reference: 'RG-7K3F-2M9T',
  email: 'anna@example.com',
  kind: 'customer',
  asked: 'company',
  switchable: false,
  answers: {},
  errors: {},
  agreements,
  accepted: {},
  countries: [
    { code: 'AT', name: 'Austria' },
    { code: 'DE', name: 'Germany' },
  ],
  idempotencyKey: 'key-1',
  passwordMinimum: 12,
  expiresAt: '2026-03-19T14:05:00Z',
};

const answers = {
  companyName: `Nordlicht ${hostile}`,
  companyStreet: 'Hafenstraße 12',
  companyPostalCode: '24103',
  companyCity: 'Kiel',
  companyCountry: 'DE',
  companyVatNumber: 'DE123456789',
  givenName: 'Anna',
  familyName: `O'Neil ${hostile}`,
  phone: '+49 431 123456',
};

const account: AccountModel = {
  givenName: 'Anna',
  familyName: hostile,
  email: 'anna@example.com',
  phone: '+49 431 123456',
  company: {
    name: hostile,
    street: 'Hafenstraße 12',
    postalCode: '24103',
    city: 'Kiel',
    country: 'DE',
    vatNumber: 'DE1',
  },
  userType: 'Administrator',
  permissions: ['customer_account_administrator'],
  consents: [
    { document: 'terms', version: 3, acceptedAt: '2026-03-05T14:05:00Z', versionId: 'v-terms', language: 'de' },
  ],
};

type Draw = (page: PageContext) => JSX.Element;
const login = (model: Partial<LoginModel>): Draw => {
  return (page) => <LoginPage page={page} model={{ registrationOpen: true, ...model }} />;
};
const details = (model: Partial<RegistrationPageModel>): Draw => {
  return (page) => <RegistrationPage page={page} model={{ ...registration, ...model }} />;
};
const linkEnd = (reason: LinkEndModel['reason']): [string, Draw] => [
  `a link that is ${reason}`,
  (page) => <LinkEndPage page={page} model={{ reason, reference: 'RG-7K3F-2M9T' }} />,
];
const error = (code: string): [string, Draw] => [
  `the error ${code}`,
  (page) => <ErrorPage page={page} model={{ status: 400, code, requestId: 'req-1', seconds: 30 }} />,
];
const every = (field: string) =>
  Object.fromEntries([...Object.keys(answers), 'password', 'terms', 'privacy'].map((name) => [name, field]));

const pages: Record<string, Draw> = {
  'log in': login({}),
  'log in, registration closed': login({ registrationOpen: false }),
  'log in, failed': login({ error: 'loginFailed', email: hostile }),
  'log in, too often': login({ error: 'tooManyAttempts' }),
  'log in, account ready': login({ notice: 'accountReady', email: 'anna@example.com' }),
  'log in, logged out': login({ notice: 'loggedOut' }),
  'log in, already registered': login({ notice: 'alreadyRegistered' }),
  'log in, password set': login({ notice: 'passwordSet' }),
  start: (page) => <StartPage page={page} model={{ errors: {}, kinds: ['customer'] }} />,
  'start, wrong': (page) => (
    <StartPage
      page={page}
      model={{ errors: { email: 'invalidEmail' }, email: hostile, kinds: ['customer', 'partner'], kind: 'partner' }}
    />
  ),
  'start, busy': (page) => <StartPage page={page} model={{ errors: {}, error: 'busy', kinds: ['customer'] }} />,
  'start, closed': (page) => <StartPage page={page} model={{ errors: {}, kinds: [] }} />,
  'check your mailbox': (page) => (
    <CheckMailboxPage
      page={page}
      model={{ email: hostile, resendAfter: 60, linkHours: 24, inboxUrl: 'http://127.0.0.1:8025' }}
    />
  ),
  'check your mailbox, no wait': (page) => (
    <CheckMailboxPage page={page} model={{ email: 'anna@example.com', resendAfter: 0, linkHours: 1 }} />
  ),
  registration: details({}),
  'registration, saved': details({ answers, savedAt: '2026-03-05T14:05:00Z' }),
  'registration, partner with a code': details({
    kind: 'partner',
    asked: 'code',
    switchable: true,
    answers: { partnerCode: hostile },
    errors: { partnerCode: 'invalidPartnerCode' },
  }),
  'registration, partner without a code': details({
    kind: 'partner',
    switchable: true,
    problem: 'tooManyAttempts',
    seconds: 60,
  }),
  'registration, all wrong': details({ answers, errors: every('required') }),
  'registration, problem of the machine': details({ answers, problem: 'agreementOutdated' }),
  'registration, error of the request': details({ answers, problem: 'formExpired', accepted: { terms: true } }),
  processing: (page) => <ProcessingPage page={page} model={{ token, reference: 'RG-7K3F-2M9T' }} />,
  ...Object.fromEntries(
    (
      [
        'invalid',
        'expired',
        'completed',
        'alreadyRegistered',
        'declined',
        'cancelled',
        'blocked',
        'parked',
        'awaitingApproval',
      ] as const
    ).map(linkEnd),
  ),
  cancel: (page) => <CancelPage page={page} model={{ token, reference: 'RG-7K3F-2M9T' }} />,
  account: (page) => (
    <AccountPage
      page={{ ...page, signedIn: { name: hostile, isAdministrator: true, isPending: false } }}
      model={account}
    />
  ),
  'account, bare': (page) => (
    <AccountPage
      page={page}
      model={{ ...account, phone: undefined, company: { name: 'X', country: '?' }, permissions: [], consents: [] }}
    />
  ),
  agreement: (page) => <AgreementPage page={page} model={agreements[0]!} />,
  ...Object.fromEntries(Object.keys(en.errors).map(error)),
  'error in the Console': (page) => (
    <ErrorPage page={{ ...page, path: '/console' }} model={{ status: 401, code: 'unauthenticated', requestId: 'r' }} />
  ),
  'operator setup': (page) => <OperatorSetupPage page={page} model={{ token, errors: {}, passwordMinimum: 12 }} />,
  'operator setup, wrong': (page) => (
    <OperatorSetupPage
      page={page}
      model={{ token, email: hostile, errors: { password: 'passwordTooShort' }, passwordMinimum: 12 }}
    />
  ),
  'Console log in': (page) => <ConsoleLoginPage page={page} model={{ notice: 'passwordSet' }} />,
  'Console log in, failed': (page) => <ConsoleLoginPage page={page} model={{ error: 'loginFailed', email: hostile }} />,
  'a page of the Console': (page) => (
    <ConsoleFrame
      page={{ ...page, staff: { email: hostile, role: 'admin', isPending: false } }}
      area="overview"
      title={hostile}
      lead={hostile}
      error="staleEdit"
    >
      {hostile}
    </ConsoleFrame>
  ),
};

for (const language of languages) {
  for (const [name, draw] of Object.entries(pages)) {
    test(`The page "${name}" is complete and safe in ${language}.`, (t) => {
      const { html, missing } = render(draw, language);
      t.deepEqual(missing, [], 'every word is in the catalogue');
      t.regex(html, new RegExp(`^<!doctype html><html lang="${language}">`));
      t.notRegex(html, /\{\{|undefined|\[object/, 'every variable is filled in');
      t.false(html.includes('<script>'), 'what people typed is text');
      t.notRegex(html, /<style|<script(?![^>]*\ssrc="\/assets\/)|\sstyle=|\son[a-z]+=|javascript:|data:/i);
      t.notRegex(html, /(?:src|<link[^>]*href)="(?!\/assets\/)/, 'nothing is loaded from elsewhere');
      t.false(/<title>(.*?)<\/title>/.exec(html)?.[1]?.includes(token), 'no token in the title');
    });
  }
}

test('Every form of every page is a POST and carries the form token.', (t) => {
  for (const [name, draw] of Object.entries(pages)) {
    const forms = render(draw).html.match(/<form[\s\S]*?<\/form>/g) ?? [];
    t.true(forms.length > 0, name);
    for (const form of forms) {
      t.regex(form, /<form[^>]* method="post"/, name);
      t.regex(form, /<input type="hidden" name="formToken" value="form-token"\/?>/, name);
    }
  }
});

test('Every password is typed unseen, known to password managers, and never sent back.', (t) => {
  for (const [name, draw] of Object.entries(pages)) {
    for (const input of render(draw).html.match(/<input[^>]*name="password"[^>]*>/g) ?? []) {
      t.regex(input, /type="password"/, name);
      t.regex(input, /autocomplete="(new|current)-password"/, name);
      t.notRegex(input, / value=/, name);
    }
  }
});

test('After an error everything typed is shown again, and every wrong field says why and is linked from the top.', (t) => {
  const { html } = render(details({ answers, errors: every('required'), accepted: { terms: true } }));
  t.regex(html, /<input[^>]*name="companyStreet"[^>]*value="Hafenstraße 12"/);
  t.regex(html, /<option[^>]*(selected[^>]*value="DE"|value="DE"[^>]*selected)/);
  t.regex(html, /<input[^>]*name="terms"[^>]*checked/);
  t.regex(html, /<title>Error: /);
  for (const name of Object.keys(every(''))) {
    t.true(html.includes(`href="#${name}"`), name);
    t.regex(html, new RegExp(`id="${name}"[^>]*aria-invalid="true"[^>]*aria-describedby="[^"]*${name}-error"`), name);
    t.regex(html, new RegExp(`<p class="field-error" id="${name}-error">[^<]+</p>`), name);
  }
});

test('The registration page names exactly the fields that its route takes.', (t) => {
  const { html } = render(details({}));
  const form = /<form class="marked"[\s\S]*?<\/form>/.exec(html)?.[0] ?? '';
  const names = [...form.matchAll(/<(?:input|select|button)[^>]* name="(\w+)"/g)].map(([, name]) => name).sort();
  t.deepEqual(names, ['action', 'formToken', 'idempotencyKey', 'kind', ...Object.keys(every(''))].sort());
  t.regex(form, new RegExp(`action="/register/${token}" `));
  t.regex(form, /<button type="submit">/, 'the first button creates the account');
});

test('The Enter key creates the account also where the kind can be changed first.', (t) => {
  const { html } = render(details({ switchable: true }));
  const form = /<form class="marked"[\s\S]*?<\/form>/.exec(html)?.[0] ?? '';
  const [first] = form.match(/<button[^>]*>/) ?? [];
  t.notRegex(first ?? '', /name=/);
  t.regex(form, /<button[^>]* name="action" value="switch"/);
});

test('A waiting page goes on by itself without script, and a person who was there before is told what is kept.', (t) => {
  t.true(render(pages.processing!).html.includes('<noscript><meta http-equiv="refresh" content="2"'));
  t.true(render(pages['registration, saved']!).html.includes(en.registration.savedNotice));
  t.false(render(pages.registration!).html.includes(en.registration.savedNotice));
});

function render(draw: Draw, language: (typeof languages)[number] = 'en'): { html: string; missing: string[] } {
  const translate = translator(language);
  const missing: string[] = [];
  const page: PageContext = {
    t: (key, variables) => {
      const words = translate(key, variables);
      if (words === key || words === '') missing.push(key);
      return words;
    },
    language,
    path: `/somewhere?x=${hostile}`,
    formToken: 'form-token',
  };
  return { html: renderPage(draw(page)), missing };
}
