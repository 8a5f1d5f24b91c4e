import type { EmailVariables, PartProps } from '../template.js';
import { emailParagraph, linkParagraph, textLayout } from '../text-layout.js';

export const text = ({ t, variables }: PartProps<EmailVariables['staff-invitation']>): string =>
  textLayout(t, [
    t('staffInvitation.title'),
    linkParagraph(emailParagraph(t, 'staffInvitation.intro', variables.email), variables.link),
    t('staffInvitation.lifetime'),
    `${t('common.notYouTitle')} ${t('staffInvitation.notYou')}`,
  ]);
