import { render } from 'preact-render-to-string';
import type { StubRequest } from './stub-provider.js';
import { type StubMode, stubModes } from './stub-provider-answers.js';
import { demoMapping, type StubPartner } from './stub-provider-partners.js';

export interface StubPage {
  mode: StubMode;
  partners: StubPartner[];
  /** Oldest first. */
  requests: StubRequest[];
  /** At which lookups are answered. */
  origin: string;
  client: { id: string; secret: string };
}

const shownRequests = 20;

export function renderStubPage(stub: StubPage): string {
  const page = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${stub.mode} · Stub provider`}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/pico.css" />
        <link rel="stylesheet" href="/stub-provider.css" />
      </head>
      <body>
        <header class="banner">
          <strong>Stub provider</strong> <span>Plays a manufacturer's partner system on this machine.</span>
        </header>
        <main class="container">
          <Modes mode={stub.mode} />
          <Partners partners={stub.partners} />
          <Settings origin={stub.origin} client={stub.client} />
          <Requests requests={stub.requests} />
        </main>
      </body>
    </html>
  );
  return `<!doctype html>${render(page)}`;
}

function Modes({ mode }: { mode: StubMode }) {
  return (
    <section>
      <h1>
        Answers: <mark class={mode === 'ok' ? 'well' : 'broken'}>{mode}</mark>
      </h1>
      <form method="post" action="/mode" class="modes" aria-label="How lookups are answered">
        {stubModes.map((each) => (
          <button
            key={each}
            type="submit"
            name="mode"
            value={each}
            class={each === mode ? '' : 'outline secondary'}
            aria-current={each === mode ? 'true' : undefined}
          >
            {each}
          </button>
        ))}
      </form>
    </section>
  );
}

function Partners({ partners }: { partners: StubPartner[] }) {
  return (
    <section>
      <h2>Partners</h2>
      <div class="overflow-auto">
        <table>
          <thead>
            <tr>
              <th scope="col">Code</th>
              <th scope="col">Company</th>
              <th scope="col">Address</th>
              <th scope="col">VAT number</th>
              <th scope="col">Id</th>
            </tr>
          </thead>
          <tbody>
            {partners.map(({ code, id, company, address }) => (
              <tr key={code}>
                <td>
                  <code>{code}</code>
                </td>
                <td>{company.name}</td>
                <td>{`${address.street}, ${address.zip} ${address.city}, ${address.country}`}</td>
                <td>{company.vat}</td>
                <td>{id}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Settings({ origin, client }: Pick<StubPage, 'origin' | 'client'>) {
  const settings = {
    'Address (GET)': `${origin}/partners/{code}`,
    'Address (POST)': `${origin}/partners`,
    'OAuth 2.0': `${origin}/token, client ${client.id}, secret ${client.secret}`,
    ...demoMapping,
  };
  return (
    <details>
      <summary>What to enter in the Console</summary>
      <dl>
        {Object.entries(settings).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{value}</code>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function Requests({ requests }: { requests: StubRequest[] }) {
  const newestFirst = requests.slice(-shownRequests).reverse();
  if (newestFirst.length === 0) return <p class="empty">No lookups yet.</p>;
  return (
    <section>
      <h2>Latest lookups</h2>
      <div class="overflow-auto">
        <table class="requests">
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Request</th>
              <th scope="col">Answered</th>
              <th scope="col">Idempotency key</th>
              <th scope="col">Signed</th>
            </tr>
          </thead>
          <tbody>
            {newestFirst.map(({ at, method, code, mode, idempotencyKey, signature }) => (
              <tr key={at}>
                <td>
                  <time dateTime={at}>{new Date(at).toLocaleTimeString('en-GB')}</time>
                </td>
                <td>
                  {method} <code>{code}</code>
                </td>
                <td>{mode}</td>
                <td>
                  <code>{idempotencyKey}</code>
                </td>
                <td>{signature ? 'yes' : 'no'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
