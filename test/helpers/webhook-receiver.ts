import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { choosePort } from '../../dev/ports.js';

export interface Received {
  headers: IncomingHttpHeaders;
  body: string;
  event: { type: string; timestamp: string; data: Record<string, unknown> };
}

/** A host platform's receiver: keeps what comes, and answers as it is told. */
export interface WebhookReceiver {
  url: string;
  received: Received[];
  /** What it answers from now on. */
  answer: { status: number; headers?: Record<string, string> };
  /** Of this type, about this subject. */
  of(type: string, subject?: string): Received[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function startReceiver(): Promise<WebhookReceiver> {
  const port = await choosePort(0);
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    received.push({ headers: request.headers, body, event: JSON.parse(body) });
    response.writeHead(receiver.answer.status, receiver.answer.headers).end('SENT-ANSWER of the receiver');
  });
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${port}`,
    received,
    answer: { status: 204 },
    of: (type, subject) =>
      received.filter(({ event }) => event.type === type && (!subject || Object.values(event.data).includes(subject))),
    start: async () => {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    stop: async () => {
      if (!(server.address() as AddressInfo | null)) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  await receiver.start();
  return receiver;
}

/** Checks a received event as the receivers' own library does; throws when its signature or time is wrong. */
export const verify = (secret: string, { body, headers }: Received) =>
  new Webhook(secret).verify(body, headers as Record<string, string>);
