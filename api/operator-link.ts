/**
 * One-shot, run on the server: prints the one-time link with which the first operator sets a password, or nothing when
 * there is an operator. There is no open way to become the first one (security.md A17).
 */
import { z } from 'zod';
import { openDatabase } from '../db/connection.js';
import { needsTls, parseEnvironment, sharedEnvironment } from '../db/environment.js';
import { createStaffLink, hasStaff } from '../db/staff.js';

const { DATABASE_URL, DATABASE_TLS, PUBLIC_URL, VESTIBULE_MODE } = sharedEnvironment;
const env = parseEnvironment(z.object({ DATABASE_URL, DATABASE_TLS, PUBLIC_URL, VESTIBULE_MODE }), process.env);
const db = openDatabase({
  url: env.DATABASE_URL,
  tls: needsTls(env.DATABASE_TLS, env.VESTIBULE_MODE),
  applicationName: 'vestibule-operator-link',
});
try {
  if (!(await hasStaff(db))) {
    const token = await createStaffLink(db, 'admin');
    process.stdout.write(`${env.PUBLIC_URL}/console/setup/${token}\n`);
  }
} finally {
  await db.destroy();
}
