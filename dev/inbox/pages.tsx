import type { ComponentChildren } from 'preact';
import { render } from 'preact-render-to-string';
import type { CaughtMail } from '../caught-mail.js';
import type { SinkMode } from '../smtp-sink.js';
import { splitAtLinks } from './html-document.js';

const views = [
  { key: 'html', label: 'HTML' },
  { key: 'text', label: 'Plain text' },
  { key: 'headers', label: 'Headers' },
  { key: 'source', label: 'Source' },
] as const;

const previewLength = 140;

export function renderInbox(newestFirst: CaughtMail[], mode: SinkMode): string {
  return renderPage(
    { title: `${newestFirst.length} mails`, refreshing: true },
    <>
      {mode !== 'ok' && (
        <p class="notice" role="status">
          This mailbox is playing a broken mail server at the moment: <strong>{mode}</strong>
        </p>
      )}
      <header class="title-row">
        <h1>
          Inbox <small>{newestFirst.length}</small>
        </h1>
        {newestFirst.length > 0 && (
          <form method="post" action="/messages/delete">
            <button type="submit" class="outline secondary">
              Delete all
            </button>
          </form>
        )}
      </header>
      {newestFirst.length === 0 ? <EmptyInbox /> : <MailList mails={newestFirst} />}
    </>,
  );
}

export function renderMail(mail: CaughtMail, options: { view: string; frameRights: string }): string {
  const possible = views.filter(({ key }) => (key === 'html' ? mail.html : key === 'text' ? mail.text : true));
  const view = possible.find(({ key }) => key === options.view)?.key ?? possible[0]?.key;
  return renderPage(
    { title: mail.subject, refreshing: false },
    <article class="mail">
      <header>
        <a href="/" class="back">
          ← Inbox
        </a>
        <h1>{mail.subject || '(no subject)'}</h1>
        <dl>
          <dt>From</dt>
          <dd>{mail.from}</dd>
          <dt>To</dt>
          <dd>{mail.to.join(', ')}</dd>
          <dt>Received</dt>
          <dd>
            <Moment iso={mail.receivedAt} />
          </dd>
        </dl>
        <nav aria-label="Ways to see this mail" class="views">
          {possible.map(({ key, label }) => (
            <a key={key} href={`?view=${key}`} aria-current={key === view ? 'page' : undefined}>
              {label}
            </a>
          ))}
        </nav>
      </header>
      {view === 'html' && (
        <iframe title="The mail" src={`/messages/${mail.id}/html`} sandbox={options.frameRights} class="html-view" />
      )}
      {view === 'text' && <LinkedText text={mail.text} />}
      {view === 'headers' && <HeaderTable headers={mail.headers} />}
      {view === 'source' && <Source mail={mail} />}
    </article>,
  );
}

export function renderNotFound(): string {
  return renderPage(
    { title: 'Not here', refreshing: false },
    <section class="empty">
      <h1>This mail is not here any more</h1>
      <p>
        It was deleted. <a href="/">Back to the inbox</a>
      </p>
    </section>,
  );
}

function renderPage(
  { title, refreshing }: { title: string; refreshing: boolean },
  children: ComponentChildren,
): string {
  const page = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · Development mailbox`}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/pico.css" />
        <link rel="stylesheet" href="/inbox.css" />
        {refreshing && <script src="/refresh.js" defer />}
      </head>
      <body>
        <p class="banner">
          <strong>Development mailbox</strong> <span>Mails here never leave this machine.</span>
        </p>
        <main class="container">{children}</main>
      </body>
    </html>
  );
  return `<!doctype html>${render(page)}`;
}

function EmptyInbox() {
  return (
    <section class="empty">
      <p>
        <strong>No mails yet</strong>
      </p>
      <p>Every mail that Vestibule sends appears here by itself, within two seconds.</p>
    </section>
  );
}

function MailList({ mails }: { mails: CaughtMail[] }) {
  return (
    <ul class="mails">
      {mails.map((mail) => (
        <li key={mail.id}>
          <a href={`/messages/${mail.id}`}>
            <span class="to">{mail.to.join(', ')}</span>
            <Moment iso={mail.receivedAt} />
            <span class="subject">{mail.subject || '(no subject)'}</span>
            <span class="preview">{mail.text.replaceAll(/\s+/g, ' ').slice(0, previewLength)}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

function Moment({ iso }: { iso: string }) {
  const date = new Date(iso);
  const isToday = date.toDateString() === new Date().toDateString();
  const time = date.toLocaleTimeString('en-GB');
  const day = date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  return <time dateTime={iso}>{isToday ? time : `${day}, ${time}`}</time>;
}

function LinkedText({ text }: { text: string }) {
  return (
    <pre class="text-view">
      {splitAtLinks(text).map((piece) =>
        piece.isLink ? (
          <a href={piece.text} target="_blank" rel="noreferrer">
            {piece.text}
          </a>
        ) : (
          piece.text
        ),
      )}
    </pre>
  );
}

function HeaderTable({ headers }: { headers: Record<string, string> }) {
  return (
    <table class="headers-view">
      <tbody>
        {Object.entries(headers).map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Source({ mail }: { mail: CaughtMail }) {
  return (
    <>
      <p>
        <a href={`/messages/${mail.id}/source`}>Download as .eml</a>
      </p>
      <pre class="source-view">{mail.raw}</pre>
    </>
  );
}
