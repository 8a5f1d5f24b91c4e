import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as oidc from 'openid-client';
import { choosePort } from '../../dev/ports.js';
import { type Authorization, authorize, buildApplication, exchange, type RelyingParty } from './relying-party.js';
import type { Stack } from './stack.js';

export interface RelyingPartySite {
  url: string;
  party: RelyingParty;
  stop(): Promise<void>;
}

/** The pages of a small application with a sign-in, on an origin of its own. */
export async function startRelyingPartySite(stack: Stack, firstParty = true): Promise<RelyingPartySite> {
  const url = `http://localhost:${await choosePort(0)}`;
  const redirectUri = `${url}/callback`;
  const party = await buildApplication(stack, {
    name: firstParty ? 'Fleet' : 'Weather',
    first_party: firstParty,
    redirect_uris: [redirectUri],
    post_logout_redirect_uris: [`${url}/goodbye`],
  });
  const pending = new Map<string, Authorization>();
  let idToken = '';

  const begin = async (prompt?: string) => {
    const started = await authorize(party, { redirect_uri: redirectUri, ...(prompt ? { prompt } : {}) });
    pending.set(String(started.checks.expectedState), started);
    return started.url;
  };

  /** Shows what the application knows of the person now. */
  async function finish(callback: URL): Promise<string> {
    const started = pending.get(callback.searchParams.get('state') ?? '');
    if (!started) return '<h1>Unknown</h1>';
    if (callback.searchParams.has('error')) return `<h1>No</h1><p>${callback.searchParams.get('error')}</p>`;
    const tokens = await exchange(party, callback.href, started);
    idToken = tokens.id_token ?? '';
    const claims = await oidc.fetchUserInfo(party.config, tokens.access_token, oidc.skipSubjectCheck);
    return `<h1>Welcome</h1><pre>${JSON.stringify(claims, null, 2)}</pre><a href="/logout">Log out</a>`;
  }

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const { pathname, href } = new URL(request.url ?? '/', url);
    const go = (location: string) => response.writeHead(303, { location }).end();
    const show = (html: string) =>
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'referrer-policy': 'no-referrer' })
        .end(`<!doctype html><html lang="en"><title>App</title>${html}</html>`);
    if (pathname === '/favicon.ico') response.writeHead(204).end();
    else if (pathname === '/login') go(await begin());
    else if (pathname === '/create') go(await begin('create'));
    else if (pathname === '/callback') show(await finish(new URL(href)));
    else if (pathname === '/goodbye') show('<h1>Goodbye</h1>');
    else if (pathname === '/logout') {
      const parameters = { post_logout_redirect_uri: `${url}/goodbye`, id_token_hint: idToken };
      go(oidc.buildEndSessionUrl(party.config, parameters).href);
    } else show('<h1>Fleet</h1><a href="/login">Sign in</a> <a href="/create">Create an account</a>');
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(Number(new URL(url).port), 'localhost', resolve));
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url, party, stop };
}
