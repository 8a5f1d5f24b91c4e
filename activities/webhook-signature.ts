import { createHmac } from 'node:crypto';

const secretPrefix = 'whsec_';

/** Headers of the Standard Webhooks. While a secret is being changed the old one signs as well, so that none is missed. */
export function webhookHeaders(
  secrets: string[],
  { id, body, timestamp }: { id: string; body: string; timestamp: number },
): Record<string, string> {
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(secretPrefix.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  };
}
