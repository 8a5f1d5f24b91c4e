import type { EmailVariables, PartProps } from '../template.js';
import { emailParagraph, linkParagraph, textLayout } from '../text-layout.js';

export const text = ({ t, variables }: PartProps<EmailVariables['account-exists']>): string =>
  textLayout(t, [
    t('accountExists.title'),
    linkParagraph(emailParagraph(t, 'accountExists.intro', variables.email), variables.loginUrl),
    `${t('common.notYouTitle')} ${t('accountExists.notYou')}`,
  ]);
