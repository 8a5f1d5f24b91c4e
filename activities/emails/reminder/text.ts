import type { EmailVariables, PartProps } from '../template.js';
import { emailParagraph, linkParagraph, referenceParagraph, textLayout } from '../text-layout.js';
import { formatMoment, linkLifetime } from '../times.js';

export const text = ({ t, language, variables }: PartProps<EmailVariables['reminder']>): string =>
  textLayout(t, [
    t('reminder.title'),
    emailParagraph(t, 'reminder.intro', variables.email),
    t('reminder.ends', { date: formatMoment(variables.expiresAt, language) }),
    linkParagraph(`${t('reminder.button')}:`, variables.link),
    `${linkLifetime(t, variables.linkHours)} ${t('common.nothingChanges')}`,
    linkParagraph(`${t('common.notYouTitle')} ${t('common.notYou')}`, variables.cancelLink),
    referenceParagraph(t, variables.reference),
  ]);
