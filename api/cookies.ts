export interface CookieOptions {
  /** Over TLS: `__Host-` names and `Secure` (security.md S1). Only development goes without. */
  secure: boolean;
}

export const sessionCookie = 'session';
export const staffCookie = 'staff';

export const cookieName = (name: string, secure: boolean) => (secure ? `__Host-${name}` : `vestibule_${name}`);
