import { type Agent, request } from 'node:http';

export interface Answer {
  status: number;
  location: string | undefined;
  text: string;
}

/** Milliseconds; longer than the product itself lets anybody wait. */
const answerTimeout = 30_000;

/** A browser as far as forms need it: cookies, the right headers, connections kept open. Follows no redirect. */
export class Browser {
  private readonly cookies = new Map<string, string>();

  constructor(
    private readonly origin: string,
    private readonly agent: Agent,
  ) {}

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  post(path: string, fields: Record<string, string>): Promise<Answer> {
    return this.send('POST', path, { type: 'application/x-www-form-urlencoded', text: encoded(fields) });
  }

  /** To the JSON API, as the script of an application's own page would. */
  json(method: 'POST' | 'PUT', path: string, body: object): Promise<Answer> {
    return this.send(method, path, { type: 'application/json', text: JSON.stringify(body) });
  }

  private send(method: string, path: string, body?: { type: string; text: string }): Promise<Answer> {
    const headers: Record<string, string | number> = {
      accept: 'text/html',
      'accept-language': 'en',
      'sec-fetch-site': 'same-origin',
      ...(this.cookies.size > 0 && { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
      ...(body !== undefined && {
        'content-type': body.type,
        'content-length': Buffer.byteLength(body.text),
        'vestibule-request': 'bench',
      }),
    };
    return new Promise((resolve, reject) => {
      const sent = request(this.origin + path, { method, headers, agent: this.agent, timeout: answerTimeout });
      sent.once('timeout', () => sent.destroy(new Error(`${method} was not answered in ${answerTimeout} ms`)));
      sent.once('error', reject);
      sent.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          this.keepCookies(response.headers['set-cookie'] ?? []);
          const { statusCode: status = 0, headers: answered } = response;
          resolve({ status, location: answered.location, text: Buffer.concat(chunks).toString() });
        });
      });
      sent.end(body?.text);
    });
  }

  private keepCookies(setCookies: string[]): void {
    for (const setCookie of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? [];
      this.cookies.set(name, value);
    }
  }
}

const encoded = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();

/** The fields that a form sends by itself (hidden ones, and boxes with a value), by name. */
export function presetFields(page: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [tag] of page.matchAll(/<input\b[^>]*>/g)) {
    const [name, value] = [/\bname="([^"]*)"/.exec(tag)?.[1], /\bvalue="([^"]*)"/.exec(tag)?.[1]];
    if (name && value !== undefined) fields[name] = value.replaceAll('&quot;', '"').replaceAll('&amp;', '&');
  }
  return fields;
}
