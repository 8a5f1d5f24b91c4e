/** Personal data as lists show it (security.md A15, D1): enough to recognise, not enough to use. */

/** "a***@example.com" */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return `${[...email.slice(0, at)][0] ?? ''}***${email.slice(at)}`;
}

/** "A*** O***" */
export const maskName = (...names: string[]): string => names.map((name) => `${[...name][0] ?? ''}***`).join(' ');
