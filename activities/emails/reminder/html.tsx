import {
  Button,
  CopyLink,
  EmailParagraph,
  Layout,
  Link,
  Note,
  NotYou,
  Paragraph,
  Reference,
  Title,
} from '../layout.js';
import type { EmailVariables, PartProps } from '../template.js';
import { formatMoment, linkLifetime } from '../times.js';
import { subject } from './subject.js';

export const Html = ({ t, language, variables }: PartProps<EmailVariables['reminder']>) => (
  <Layout language={language} subject={subject(t)} preview={t('reminder.preview')} footer={t('common.automatic')}>
    <Title>{t('reminder.title')}</Title>
    <EmailParagraph t={t} sentence="reminder.intro" email={variables.email} />
    <Paragraph>{t('reminder.ends', { date: formatMoment(variables.expiresAt, language) })}</Paragraph>
    <Button href={variables.link} label={t('reminder.button')} />
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
