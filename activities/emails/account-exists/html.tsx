import { Button, CopyLink, EmailParagraph, Layout, NotYou, Title } from '../layout.js';
import type { EmailVariables, PartProps } from '../template.js';
import { subject } from './subject.js';

export const Html = ({ t, language, variables }: PartProps<EmailVariables['account-exists']>) => (
  <Layout language={language} subject={subject(t)} preview={t('accountExists.preview')} footer={t('common.automatic')}>
    <Title>{t('accountExists.title')}</Title>
    <EmailParagraph t={t} sentence="accountExists.intro" email={variables.email} />
    <Button href={variables.loginUrl} label={t('accountExists.button')} />
    <CopyLink t={t} href={variables.loginUrl} />
    <NotYou t={t}>{t('accountExists.notYou')}</NotYou>
  </Layout>
);
