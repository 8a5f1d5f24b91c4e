/** A browser without script: cookies, forms and redirects over real HTTP. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  location: string | null;
  json<Body = Record<string, unknown>>(): Body;
}

export class BrowserSession {
  readonly cookies = new Map<string, string>();

  constructor(readonly url: string) {}

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('GET', path, headers);
  }

  /** Posts the form that this browser was last shown; `fields` go over its hidden ones. */
  async post(path: string, fields: Record<string, string>, page?: Answer): Promise<Answer> {
    const shown = page ?? (await this.get('/login'));
    const form = { formToken: hiddenField(shown.text, 'formToken'), ...fields };
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' };
    return this.send('POST', path, headers, new URLSearchParams(form).toString());
  }

  json(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const all = { 'content-type': 'application/json', 'vestibule-request': 'test', ...headers };
    return this.send(method, path, all, body === undefined ? undefined : JSON.stringify(body));
  }

  async send(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const address = path.startsWith('http') ? path : this.url + path;
    const response = await fetch(address, {
      method,
      redirect: 'manual',
      headers: { ...(cookie ? { cookie } : {}), accept: 'text/html', ...headers },
      body,
      signal: AbortSignal.timeout(60_000),
    });
    for (const setCookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? [];
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(setCookie)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      location: response.headers.get('location'),
      json: <Body>() => JSON.parse(text) as Body,
    };
  }
}

/** Value of a hidden field or ticked-by-value box of a page; throws when the page has none. */
export function hiddenField(page: string, name: string): string {
  const tag = [...page.matchAll(/<input\b[^>]*>/g)]
    .map(([input]) => input)
    .find((input) => input.includes(`name="${name}"`));
  const value = tag && /\bvalue="([^"]*)"/.exec(tag)?.[1];
  if (value === undefined) throw new Error(`the page has no field ${name}`);
  return value.replaceAll('&amp;', '&').replaceAll('&quot;', '"');
}
