import type { Knex } from 'knex';
import { accounts } from './001-accounts.js';
import { agreements } from './002-agreements.js';
import { registrations } from './003-registrations.js';
import { partners } from './004-partners.js';
import { consoleTables } from './005-console.js';
import { accountManagement } from './006-account-management.js';
import { codeDisplay } from './007-code-display.js';
import { ownAccount } from './008-own-account.js';
import { profiles } from './009-profiles.js';
import { secondFactors } from './010-second-factors.js';
import { members } from './011-members.js';
import { invitations } from './012-invitations.js';
import { signIn } from './013-sign-in.js';
import { platform } from './014-platform.js';
import { webhooks } from './014-webhooks.js';
import { sessionRotation } from './015-session-rotation.js';
import { joinRequests } from './016-join-requests.js';
import { scale } from './017-scale.js';
import { retention } from './018-retention.js';
import { restores } from './019-restores.js';
import { submissionsEnd } from './020-submissions-end.js';

const migrations = {
  '001-accounts': accounts,
  '002-agreements': agreements,
  '003-registrations': registrations,
  '004-partners': partners,
  '005-console': consoleTables,
  '006-account-management': accountManagement,
  '007-code-display': codeDisplay,
  '008-own-account': ownAccount,
  '009-profiles': profiles,
  '010-second-factors': secondFactors,
  '011-members': members,
  '012-invitations': invitations,
  '013-sign-in': signIn,
  '014-platform': platform,
  '014-webhooks': webhooks,
  '015-session-rotation': sessionRotation,
  '016-join-requests': joinRequests,
  '017-scale': scale,
  '018-retention': retention,
  '019-restores': restores,
  '020-submissions-end': submissionsEnd,
};

/** A list instead of a folder, so that a bundle carries its migrations. Merged migrations are never edited. */
export const migrationSource: Knex.MigrationSource<keyof typeof migrations> = {
  getMigrations: async () => Object.keys(migrations) as (keyof typeof migrations)[],
  getMigrationName: (name) => name,
  getMigration: async (name) => migrations[name],
};
