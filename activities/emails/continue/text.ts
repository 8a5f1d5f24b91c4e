import type { EmailVariables, PartProps } from '../template.js';
import { emailParagraph, linkParagraph, referenceParagraph, textLayout } from '../text-layout.js';
import { linkLifetime } from '../times.js';

export const text = ({ t, variables }: PartProps<EmailVariables['continue']>): string =>
  textLayout(t, [
    t('continue.title'),
    linkParagraph(emailParagraph(t, 'continue.intro', variables.email), variables.link),
    `${linkLifetime(t, variables.linkHours)} ${t('common.nothingChanges')}`,
    linkParagraph(`${t('common.notYouTitle')} ${t('common.notYou')}`, variables.cancelLink),
    referenceParagraph(t, variables.reference),
  ]);
