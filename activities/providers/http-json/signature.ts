import { createHmac } from 'node:crypto';

/**
 * Headers by which the provider knows that a request is ours and fresh (security.md F7). Signed are the idempotency
 * key, the time in seconds and the content – the body, or the path and query of a GET – joined by dots.
 */
export function signatureHeaders(
  secret: string,
  { lookupId, content, timestamp }: { lookupId: string; content: string; timestamp: number },
): Record<string, string> {
  const signature = hmac(secret, `${lookupId}.${timestamp}.${content}`).toString('base64');
  return {
    'vestibule-timestamp': String(timestamp),
    'vestibule-key-id': keyId(secret),
    'vestibule-signature': `v1,${signature}`,
  };
}

/** Made from the secret, so that a provider that knows an old and a new one can tell which was used. */
const keyId = (secret: string): string => hmac(secret, 'vestibule key id').toString('hex').slice(0, 16);

const hmac = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest();
