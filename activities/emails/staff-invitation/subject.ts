import type { Translate } from '../../i18n.js';

export const subject = (t: Translate): string => t('staffInvitation.subject');
