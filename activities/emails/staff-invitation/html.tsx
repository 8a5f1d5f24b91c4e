import { Button, CopyLink, EmailParagraph, Layout, Note, NotYou, Title } from '../layout.js';
import type { EmailVariables, PartProps } from '../template.js';
import { subject } from './subject.js';

export const Html = ({ t, language, variables }: PartProps<EmailVariables['staff-invitation']>) => (
  <Layout
    language={language}
    subject={subject(t)}
    preview={t('staffInvitation.preview')}
    footer={t('common.automatic')}
  >
    <Title>{t('staffInvitation.title')}</Title>
    <EmailParagraph t={t} sentence="staffInvitation.intro" email={variables.email} />
    <Button href={variables.link} label={t('staffInvitation.button')} />
    <Note>{t('staffInvitation.lifetime')}</Note>
    <CopyLink t={t} href={variables.link} />
    <NotYou t={t}>{t('staffInvitation.notYou')}</NotYou>
  </Layout>
);
