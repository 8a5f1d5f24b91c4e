import test from 'ava';
import {
  type EmailName,
  type EmailVariables,
  type RenderedEmail,
  renderEmail,
} from '../../activities/emails/render.js';
import { type Language, languages, resources } from '../../activities/i18n.js';

const base = 'https://register.vestibule.example';
const link = `${base}/register/Hk3vQ9sJw2Lr8dXbT5yZ1cNfPa7mUeGoKqViRxAt0Y4`;
const notice = {
  email: 'maria@example.com',
  reference: 'RG-7K3F-2M9T',
  loginUrl: `${base}/login`,
  startUrl: `${base}/register`,
};
const aboutUser = {
  email: 'maria@example.com',
  link: `${base}/login`,
  values: { organisation: 'Acme & Söhne GmbH', userType: 'Device manager' },
};
const invitation = {
  email: 'maria@example.com',
  link,
  values: { organisation: 'Acme GmbH', invitedBy: 'Ann O’Brien', expires: 'Monday, 30 November 2026 at 14:05 UTC' },
};
const joining = { email: 'maria@example.com', values: { name: 'Ann O’Brien', email: 'ann@example.com' } };
const told = { email: 'maria@example.com', link: `${base}/login`, values: {} };
const variables: EmailVariables = {
  activation: {
    email: 'maria@example.com',
    link,
    cancelLink: `${link}/cancel`,
    linkHours: 24,
    reference: 'RG-7K3F-2M9T',
  },
  reminder: {
    email: 'maria@example.com',
    link,
    cancelLink: `${link}/cancel`,
    linkHours: 24,
    reference: 'RG-7K3F-2M9T',
    expiresAt: new Date('2026-11-30T14:05:00Z'),
  },
  continue: {
    email: 'maria@example.com',
    link,
    cancelLink: `${link}/cancel`,
    linkHours: 24,
    reference: 'RG-7K3F-2M9T',
  },
  'account-exists': { email: 'maria@example.com', loginUrl: `${base}/login` },
  'lookup-delayed': notice,
  'approval-awaited': notice,
  'account-ready': notice,
  declined: notice,
  ended: notice,
  'staff-invitation': { email: 'maria@example.com', link: `${base}/console/setup/${link.slice(-43)}`, values: {} },
  invitation,
  'invitation-reminder': invitation,
  'invitation-account-exists': { ...invitation, link: `${base}/login` },
  'invitation-held': { ...invitation, link: `${base}/register` },
  'join-request': { ...joining, link: `${base}/account/join-requests/1` },
  'join-request-reminder': { ...joining, link: `${base}/account/join-requests/1` },
  'join-declined': { ...joining, link: `${base}/register` },
  'join-unanswered': { ...joining, link: `${base}/register` },
  'password-reset': { email: 'maria@example.com', link: `${base}/password-reset/${link.slice(-43)}`, values: {} },
  'password-reset-unknown': { email: 'maria@example.com', link: `${base}/login`, values: {} },
  'password-changed': { email: 'maria@example.com', link: `${base}/password-reset`, values: {} },
  'user-type-changed': aboutUser,
  'user-disabled': aboutUser,
  'user-enabled': aboutUser,
  'user-removed': aboutUser,
  'email-change': { email: 'maria@example.com', link: `${base}/email-change/${link.slice(-43)}`, values: {} },
  'email-change-taken': { email: 'maria@example.com', link: `${base}/login`, values: {} },
  'email-change-asked': {
    email: 'maria@example.com',
    link: `${base}/account/security`,
    values: { newEmail: 'm***@example.org' },
  },
  'email-changed': { email: 'maria@example.com', link: `${base}/login`, values: { newEmail: 'm***@example.org' } },
  'account-deleted': { email: 'maria@example.com', link: `${base}/login`, values: {} },
  'second-factor-on': told,
  'second-factor-off': told,
  'second-factor-reset': told,
  'recovery-codes-made': told,
  'recovery-code-used': { ...told, values: { left: '9' } },
  'passkey-added': { ...told, values: { name: 'My phone' } },
  'passkey-removed': { ...told, values: { name: 'My phone' } },
};
const names = Object.keys(variables) as EmailName[];

/** Every text by its key. */
const catalogue = (language: Language) => flatten(resources[language]);
const flatten = (node: object, prefix = ''): Record<string, string> =>
  Object.fromEntries(
    Object.entries(node).flatMap(([key, value]) =>
      typeof value === 'string' ? [[prefix + key, value]] : Object.entries(flatten(value, `${prefix}${key}.`)),
    ),
  );
const keysOf = (language: Language) => Object.keys(catalogue(language));

const render = (name: EmailName, language: Language, changes: object = {}): RenderedEmail =>
  renderEmail(name, language, { ...variables[name], ...changes } as EmailVariables[EmailName]);

const decode = (html: string) =>
  html
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&');
/** What a person reads of the HTML part: no tags, no styles. */
const visible = (html: string) => decode(html.replace(/<style>.*?<\/style>/s, '').replace(/<[^>]*>/g, ''));
const hrefs = (html: string) => [...html.matchAll(/\shref="([^"]*)"/g)].map(([, href]) => decode(href!));

/** The links that each mail is meant to carry, in the order of its HTML part. */
const expectedLinks: Record<EmailName, string[]> = {
  activation: [link, link, `${link}/cancel`],
  reminder: [link, link, `${link}/cancel`],
  continue: [link, link, `${link}/cancel`],
  'account-exists': [`${base}/login`, `${base}/login`],
  'lookup-delayed': [],
  'approval-awaited': [],
  'account-ready': [`${base}/login`, `${base}/login`],
  declined: [],
  ended: [`${base}/register`, `${base}/register`],
  'user-type-changed': [],
  'user-disabled': [],
  'user-enabled': [`${base}/login`, `${base}/login`],
  'user-removed': [],
  'account-deleted': [],
  invitation: [link, link],
  'invitation-reminder': [link, link],
  'invitation-account-exists': [],
  'invitation-held': [`${base}/register`, `${base}/register`],
  'join-request': [0, 1].map(() => `${base}/account/join-requests/1`),
  'join-request-reminder': [0, 1].map(() => `${base}/account/join-requests/1`),
  'join-declined': [0, 1].map(() => `${base}/register`),
  'join-unanswered': [0, 1].map(() => `${base}/register`),
  'staff-invitation': [0, 1].map(() => `${base}/console/setup/${link.slice(-43)}`),
  'password-reset': [0, 1].map(() => `${base}/password-reset/${link.slice(-43)}`),
  'password-reset-unknown': [`${base}/login`, `${base}/login`],
  'password-changed': [`${base}/password-reset`, `${base}/password-reset`],
  'email-change': [0, 1].map(() => `${base}/email-change/${link.slice(-43)}`),
  'email-change-taken': [`${base}/login`, `${base}/login`],
  'email-change-asked': [`${base}/account/security`, `${base}/account/security`],
  'email-changed': [],
  'second-factor-on': [],
  'second-factor-off': [],
  'second-factor-reset': [],
  'recovery-codes-made': [],
  'recovery-code-used': [],
  'passkey-added': [],
  'passkey-removed': [],
};

const rendersCompletely = test.macro<[EmailName, Language]>({
  title: (_, name, language) => `The mail ${name} in ${language} shows every variable and no missing word.`,
  exec: (t, name, language) => {
    const { subject, html, text } = render(name, language);
    const shown = ['email', 'reference', 'linkHours'].flatMap((key) =>
      key in variables[name] ? [String(variables[name][key as keyof EmailVariables[EmailName]])] : [],
    );
    for (const part of [visible(html), text])
      for (const value of shown) t.true(part.includes(value), `${value} in ${part}`);
    for (const part of [subject, visible(html), text]) {
      t.notRegex(part, /\{\{|\}\}|undefined|\[object|NaN/);
      t.false(part.includes('\u0000'));
      for (const key of keysOf(language)) t.false(part.includes(key), `the key ${key} is shown instead of its words`);
    }
    t.regex(subject, /Vestibule/);
    t.false(/[\r\n]/.test(subject));
    t.true(html.startsWith(`<!doctype html><html lang="${language}"`));
  },
});

const linksOnlyHome = test.macro<[EmailName, Language]>({
  title: (_, name, language) => `The mail ${name} in ${language} links to the configured address and loads nothing.`,
  exec: (t, name, language) => {
    const { html, text } = render(name, language);
    t.deepEqual(hrefs(html), expectedLinks[name]);
    for (const expected of new Set(expectedLinks[name])) {
      t.is(text.split('\n').filter((line) => line === expected).length, 1, 'each link stands bare on its own line');
    }
    for (const [url] of `${html}\n${text}`.matchAll(/\b[a-z]+:\/\/[^\s"<]+/gi)) t.true(url.startsWith(`${base}/`), url);
    t.notRegex(html, /<(img|script|link|iframe|object|form|base|svg|video)\b|url\(|@import|\ssrc=/i);
  },
});

const staysLiteral = test.macro<[EmailName, string]>({
  title: (_, name, value) => `The mail ${name} shows ${value} as text and makes no link of it.`,
  exec: (t, name, value) => {
    const { subject, html, text } = render(name, 'en', { email: value });
    t.deepEqual(hrefs(html), expectedLinks[name]);
    t.true(visible(html).includes(value));
    t.true(text.replaceAll('\u200b', '').includes(value));
    t.notRegex(text, /www\.\w|evil\.test\//, 'plain text carries nothing that a mail program would turn into a link');
    t.false(subject.includes(value), 'the subject holds nothing that somebody typed');
    t.notRegex(visible(html) + text, /(?<!\d)49(?!\d)/);
    // Every character that starts an address for a mail program ends in an element of its own.
    t.notRegex(html.replace(/<style>.*?<\/style>/s, ''), /evil\.test/);
  },
});

for (const name of names) {
  for (const language of languages) {
    test(rendersCompletely, name, language);
    test(linksOnlyHome, name, language);
  }
  for (const value of [
    '<a href=//evil.test>Reset</a>',
    '{{7*7}}',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of an attack, not a template
    '${7*7}',
    '$t(common.cancel)',
    'www.evil.test',
    'victim+www.evil.test/login@example.com',
    '"><script>alert(1)</script>',
    'a&amp;b@example.com',
  ])
    test(staysLiteral, name, value);
}

test('English and German have the same words, none of them empty.', (t) => {
  t.deepEqual(keysOf('de'), keysOf('en'));
  for (const language of languages) for (const text of Object.values(catalogue(language))) t.truthy(text.trim());
});

test('The words of both languages name the same variables.', (t) => {
  const placeholders = (language: Language) =>
    Object.entries(catalogue(language)).map(([key, text]) => [
      key,
      [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort(),
    ]);
  t.deepEqual(placeholders('de'), placeholders('en'));
});

test('The reminder names the day and the hour in the language of the person, with its time zone.', (t) => {
  t.true(render('reminder', 'en').text.includes('30 November 2026 at 14:05 UTC'));
  t.true(render('reminder', 'de').text.includes('Montag, 30. November 2026 um 14:05 UTC'));
});

test('The lifetime of the link is told in whole hours, a short one in minutes.', (t) => {
  const lifetime = (hours: number) => render('activation', 'en', { linkHours: hours }).text;
  t.true(lifetime(24).includes('works for 24 hours,'));
  t.true(lifetime(1).includes('works for 1 hour,'));
  t.true(lifetime(1.75).includes('works for 1 hour,'));
  t.true(lifetime(0.5).includes('works for 30 minutes,'));
  t.true(lifetime(2 / 3600).includes('works for 1 minute,'));
});

test('The mail to somebody with an account carries no token and no reference.', (t) => {
  for (const language of languages) {
    const { html, text } = render('account-exists', language);
    t.notRegex(html + text, /\/register\/|RG-/);
  }
});

for (const bad of ['/register/token', '//evil.test/x', 'javascript:alert(1)', 'https://ok.example/a b', ''])
  test(`A mail with the link "${bad}" is not made.`, (t) => {
    t.throws(() => render('activation', 'en', { link: bad }), { instanceOf: TypeError });
    t.throws(() => render('activation', 'en', { cancelLink: bad }), { instanceOf: TypeError });
    t.throws(() => render('account-exists', 'en', { loginUrl: bad }), { instanceOf: TypeError });
  });
