import type { Translate } from '../../i18n.js';
import { ForeignText, foreignText } from '../foreign-text.js';
import { Button, CopyLink, EmailParagraph, Layout, Note, NotYou, Paragraph, Title } from '../layout.js';
import type { PartProps, Template, UserNoticeVariables } from '../template.js';
import { emailParagraph, linkParagraph, textLayout } from '../text-layout.js';

/** What a notice shows besides its title and the sentence with the e-mail; each part has words of its name. */
interface Parts {
  /** Values from outside, told one a line: "Company: …". The words are under `<topic>.facts.<name>`. */
  facts?: string[];
  /** A button with the link, and how long it works: `button`, `lifetime`. */
  link?: boolean;
}

/**
 * A mail to a person about their account, or one they are offered. Its words are a file of `locales/notices`, named for
 * the topic: subject, preview, title, intro (with the e-mail), notYou, and those of its parts.
 */
export function userNotice(topic: string, { facts = [], link = false }: Parts = {}): Template<UserNoticeVariables> {
  const words = (t: Translate, key: string) => t(`${topic}.${key}`);
  return {
    subject: (t) => words(t, 'subject'),
    Html: ({ t, language, variables }: PartProps<UserNoticeVariables>) => (
      <Layout
        language={language}
        subject={words(t, 'subject')}
        preview={words(t, 'preview')}
        footer={t('common.automatic')}
      >
        <Title>{words(t, 'title')}</Title>
        <EmailParagraph t={t} sentence={`${topic}.intro`} email={variables.email} />
        {facts.map((name) => (
          <Paragraph key={name}>
            {words(t, `facts.${name}`)}: <ForeignText value={variables.values[name] ?? ''} />
          </Paragraph>
        ))}
        {link && (
          <>
            <Button href={variables.link} label={words(t, 'button')} />
            <Note>{words(t, 'lifetime')}</Note>
            <CopyLink t={t} href={variables.link} />
          </>
        )}
        <NotYou t={t}>{words(t, 'notYou')}</NotYou>
      </Layout>
    ),
    text: ({ t, variables }) => {
      const intro = emailParagraph(t, `${topic}.intro`, variables.email);
      const told = facts.map((name) => `${words(t, `facts.${name}`)}: ${foreignText(variables.values[name] ?? '')}`);
      return textLayout(t, [
        words(t, 'title'),
        ...(link && told.length === 0 ? [linkParagraph(intro, variables.link)] : [intro, ...told]),
        ...(link && told.length > 0 ? [linkParagraph(`${words(t, 'button')}:`, variables.link)] : []),
        ...(link ? [words(t, 'lifetime')] : []),
        `${t('common.notYouTitle')} ${words(t, 'notYou')}`,
      ]);
    },
  };
}
