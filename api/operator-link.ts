/**
 * One-shot, run on the server: prints the one-time link with which the first operator sets a password, or nothing when
 * there is an operator. There is no open way to become the first one (security.md A17).
 */
import { openDatabase } from '../db/connection.js';
import { createStaffLink, hasStaff } from '../db/staff.js';

const { DATABASE_URL, DATABASE_TLS, PUBLIC_URL } = process.env;
if (!DATABASE_URL || !PUBLIC_URL) throw new Error('DATABASE_URL and PUBLIC_URL must be set');
const db = openDatabase({
  url: DATABASE_URL,
  tls: DATABASE_TLS === 'required',
  applicationName: 'vestibule-operator-link',
});
try {
  if (!(await hasStaff(db))) {
    const token = await createStaffLink(db, 'admin');
    process.stdout.write(`${PUBLIC_URL.replace(/\/+$/, '')}/console/setup/${token}\n`);
  }
} finally {
  await db.destroy();
}
