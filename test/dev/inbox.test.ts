import { request } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { createTransport } from 'nodemailer';
import { htmlDocument, splitAtLinks } from '../../dev/inbox/html-document.js';
import { startMailCatcher } from '../../dev/mail-catcher.js';

async function mailboxWith(t: ExecutionContext, ...mails: object[]) {
  const mailbox = await startMailCatcher();
  t.teardown(mailbox.stop);
  const transport = createTransport(mailbox.smtpUrl);
  for (const mail of mails) await transport.sendMail({ from: 'a@example.com', to: 'b@example.com', ...mail });
  const page = async (path: string) => (await fetch(`${mailbox.inboxUrl}${path}`)).text();
  return { ...mailbox, page, id: mailbox.messages()[0]?.id };
}

test('the list shows the newest mail first and says that it is a development mailbox', async (t) => {
  const { page } = await mailboxWith(
    t,
    { subject: 'older', text: 'first' },
    { subject: '<b>newer</b>', text: 'second' },
  );
  const html = await page('/');
  t.true(html.includes('Mails here never leave this machine.'));
  t.true(html.indexOf('&lt;b>newer&lt;/b>') < html.indexOf('older'));
  t.false(html.includes('<b>newer'));
});

test('an empty mailbox says what will happen', async (t) => {
  const { page } = await mailboxWith(t);
  t.true((await page('/')).includes('No mails yet'));
});

test('a mail can be seen as HTML in a closed frame, as text with links, as headers and as source', async (t) => {
  const html =
    '<html><head><title>x</title></head><body><script>alert(1)</script><a href="http://localhost/a">go</a></body></html>';
  const { page, id, inboxUrl } = await mailboxWith(t, {
    subject: 'hello',
    text: 'see http://localhost/a?b=1&c=2.',
    html,
  });
  const view = await page(`/messages/${id}`);
  t.regex(
    view,
    /<iframe[^>]* sandbox="allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"/,
  );
  t.false(view.includes('alert(1)'));

  const frame = await fetch(`${inboxUrl}/messages/${id}/html`);
  t.true((await frame.text()).includes('<head><base target="_blank"><title>'));
  const policy = frame.headers.get('content-security-policy') ?? '';
  t.regex(policy, /^default-src 'none'; .*sandbox allow-popups/);
  t.notRegex(policy, /script-src|allow-scripts|allow-same-origin/);

  t.true(
    (await page(`/messages/${id}?view=text`)).includes('<a href="http://localhost/a?b=1&amp;c=2" target="_blank"'),
  );
  t.true((await page(`/messages/${id}?view=headers`)).includes('<th scope="row">message-id</th>'));
  t.true((await page(`/messages/${id}?view=source`)).includes('Subject: hello'));
  t.is((await fetch(`${inboxUrl}/messages/${id}/source`)).headers.get('content-type'), 'message/rfc822');
});

test('all mails can be deleted, after which an open mail says so', async (t) => {
  const { inboxUrl, messages, id } = await mailboxWith(t, { subject: 'gone', text: 'x' });
  const answer = await fetch(`${inboxUrl}/messages/delete`, { method: 'POST' });
  t.true(answer.redirected);
  t.deepEqual(messages(), []);
  const gone = await fetch(`${inboxUrl}/messages/${id}`);
  t.is(gone.status, 404);
  t.true((await gone.text()).includes('This mail is not here any more'));
});

test('tests can read and delete the mails and break the mail server over HTTP', async (t) => {
  const { inboxUrl, messages, page } = await mailboxWith(t, { subject: 'one', text: 'x' });
  t.deepEqual(JSON.parse(await page('/api/messages')), messages());
  const post = (body: string) => fetch(`${inboxUrl}/api/mode`, { method: 'POST', body });
  t.deepEqual(await (await post('{"mode":"421"}')).json(), { mode: '421' });
  t.deepEqual(JSON.parse(await page('/api/mode')), { mode: '421' });
  t.true((await page('/')).includes('playing a broken mail server'));
  for (const bad of ['{"mode":"nonsense"}', 'no json', 'x'.repeat(5000)]) t.is((await post(bad)).status, 400);
  t.is((await fetch(`${inboxUrl}/api/messages`, { method: 'DELETE' })).status, 204);
  t.deepEqual(messages(), []);
});

test('a foreign page can neither read the mails through a name of its own nor delete them', async (t) => {
  const { inboxUrl, messages } = await mailboxWith(t, { subject: 'secret', text: 'x' });
  t.is(await statusOf(inboxUrl, '/api/messages', 'GET', { Host: 'evil.test' }), 403);
  t.is(await statusOf(inboxUrl, '/messages/delete', 'POST', { 'Sec-Fetch-Site': 'cross-site' }), 403);
  t.is(await statusOf(inboxUrl, '/api/messages', 'DELETE', { 'Sec-Fetch-Site': 'same-site' }), 403);
  t.is(await statusOf(inboxUrl, '/', 'GET', { 'Sec-Fetch-Site': 'cross-site' }), 200);
  t.is(messages().length, 1);
});

test('nothing is loaded from elsewhere', async (t) => {
  const { page, inboxUrl, id } = await mailboxWith(t, { subject: 'x', text: 'x' });
  for (const path of ['/', `/messages/${id}`]) {
    const resources = [...(await page(path)).matchAll(/(?:src|<link[^>]* href)="([^"]+)"/g)].map(
      ([, url]) => url ?? '',
    );
    t.true(resources.every((url) => url.startsWith('/') || url === 'data:,'));
    for (const url of resources.filter((path) => path.startsWith('/')))
      t.is((await fetch(`${inboxUrl}${url}`)).status, 200, url);
  }
});

test('links in a text end before the punctuation of their sentence', (t) => {
  t.deepEqual(splitAtLinks('See (https://a.example/b?c=d), or http://x.example/y.'), [
    { text: 'See (', isLink: false },
    { text: 'https://a.example/b?c=d', isLink: true },
    { text: '), or ', isLink: false },
    { text: 'http://x.example/y', isLink: true },
    { text: '.', isLink: false },
  ]);
});

test('a fragment of HTML becomes a document whose links open a new tab', (t) => {
  t.is(htmlDocument('<p>hi</p>'), '<!doctype html><base target="_blank"><p>hi</p>');
});

/** `fetch` does not let these headers be set. */
function statusOf(
  base: string,
  path: string,
  method: string,
  headers: Record<string, string>,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, base), { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject).end();
  });
}
