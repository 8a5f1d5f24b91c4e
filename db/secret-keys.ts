import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

export interface SecretKey {
  id: string;
  bytes: Buffer;
}

/** Keys for tokens and keyed hashes, newest first: the first makes, all of them recognise (security.md T2, D8). */
export class SecretKeys {
  private constructor(private readonly keys: [SecretKey, ...SecretKey[]]) {}

  /** Reads `id:base64url` pairs separated by commas; each key has 32 bytes or more. Throws a sentence. */
  static parse(text: string): SecretKeys {
    const keys = text.split(',').map((pair) => {
      const [id = '', secret = ''] = pair.trim().split(':');
      const bytes = Buffer.from(secret, 'base64url');
      if (!/^[\w-]{1,32}$/.test(id) || bytes.length < 32)
        throw new Error('each secret key is an id, a colon and at least 32 random bytes in base64url');
      return { id, bytes };
    });
    return new SecretKeys(keys as [SecretKey, ...SecretKey[]]);
  }

  get active(): SecretKey {
    return this.keys[0];
  }

  get(id: string): SecretKey | undefined {
    return this.keys.find((key) => key.id === id);
  }

  /** Keyed hash by the active key; `purpose` keeps uses apart. */
  hash(purpose: string, value: string | Buffer): Buffer {
    return keyedHash(this.active, purpose, value);
  }

  /** The hashes under which something made with any of the keys may be stored. */
  hashes(purpose: string, value: string | Buffer): Buffer[] {
    return this.keys.map((key) => keyedHash(key, purpose, value));
  }

  /** Encrypts what must be read again (AES-256-GCM): key id, a colon, nonce, tag and text. For one purpose only. */
  seal(purpose: string, text: string): Buffer {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', sealingKey(this.active, purpose), nonce);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.from(`${this.active.id}:`), nonce, cipher.getAuthTag(), sealed]);
  }

  /** What was sealed, by any of the keys. Throws when its key is gone, the purpose is another, or it was changed. */
  unseal(purpose: string, sealed: Buffer): string {
    const colon = sealed.indexOf(':');
    const key = this.get(sealed.subarray(0, colon).toString());
    if (!key) throw new Error('the secret key of something sealed is not configured any more');
    const nonce = sealed.subarray(colon + 1, colon + 1 + nonceBytes);
    const text = colon + 1 + nonceBytes + tagBytes;
    const decipher = createDecipheriv('aes-256-gcm', sealingKey(key, purpose), nonce);
    decipher.setAuthTag(sealed.subarray(text - tagBytes, text));
    return Buffer.concat([decipher.update(sealed.subarray(text)), decipher.final()]).toString('utf8');
  }
}

const nonceBytes = 12;
const tagBytes = 16;
const sealingKey = (key: SecretKey, purpose: string) => keyedHash(key, 'seal', purpose);

export const keyedHash = (key: SecretKey, purpose: string, value: string | Buffer): Buffer =>
  createHmac('sha256', key.bytes).update(purpose).update('\0').update(value).digest();
