import { Button, CopyLink, EmailParagraph, Layout, Link, Note, NotYou, Reference, Title } from '../layout.js';
import type { EmailVariables, PartProps } from '../template.js';
import { linkLifetime } from '../times.js';
import { subject } from './subject.js';

export const Html = ({ t, language, variables }: PartProps<EmailVariables['continue']>) => (
  <Layout language={language} subject={subject(t)} preview={t('continue.preview')} footer={t('common.automatic')}>
    <Title>{t('continue.title')}</Title>
    <EmailParagraph t={t} sentence="continue.intro" email={variables.email} />
    <Button href={variables.link} label={t('continue.button')} />
    <Note>
      {linkLifetime(t, variables.linkHours)} {t('common.nothingChanges')}
    </Note>
    <CopyLink t={t} href={variables.link} />
    <NotYou t={t}>
      {t('common.notYou')} <Link href={variables.cancelLink}>{t('common.cancel')}</Link>
    </NotYou>
    <Reference t={t} value={variables.reference} />
  </Layout>
);
