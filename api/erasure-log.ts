import type { Services } from './registrations.js';

/**
 * Says in the log, once it is done, who was erased: by ids that lead to nobody. When this database is lost, the log is
 * where operators learn whom to erase from an older backup (docs/operating.md, security.md R6).
 */
export const logErasure = ({ log }: Pick<Services, 'log'>, erasedAccount: string, erasedRegistration: string | null) =>
  log.info({ erasedAccount, ...(erasedRegistration ? { erasedRegistration } : {}) }, 'an account was erased');
