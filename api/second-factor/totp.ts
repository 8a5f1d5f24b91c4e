import { Secret, TOTP } from 'otpauth';

/** What every authenticator app assumes unless told otherwise; some ignore being told. */
const period = 30;
const parameters = { issuer: 'Vestibule', algorithm: 'SHA1', digits: 6, period };
/** Bytes: as long as the hash, as RFC 4226 recommends. */
const secretSize = 20;
/** Steps before and after the present one: clocks differ, and typing takes time. */
const window = 1;

/** Base32. */
export const makeTotpSecret = (): string => new Secret({ size: secretSize }).base32;

/** What the QR code says. */
export const totpAddress = (secret: string, email: string): string =>
  new TOTP({ ...parameters, label: email, secret: Secret.fromBase32(secret) }).toString();

export const isTotpCode = (typed: string): boolean => /^\d{6}$/.test(withoutSpaces(typed));

/** The time step whose code this is, or undefined. Whether it was used before is the database's to say. */
export function totpStep(secret: string, typed: string, now = Date.now()): number | undefined {
  const token = withoutSpaces(typed);
  const totp = new TOTP({ ...parameters, secret: Secret.fromBase32(secret) });
  const delta = totp.validate({ token, timestamp: now, window });
  return delta === null ? undefined : Math.floor(now / 1000 / period) + delta;
}

/** Apps show "123 456". */
const withoutSpaces = (typed: string) => typed.replace(/\s/g, '');
