import type { Translate } from '../../i18n.js';
import { Button, CopyLink, EmailParagraph, Layout, Paragraph, Reference, Title } from '../layout.js';
import type { NoticeVariables, PartProps, Template } from '../template.js';
import { emailParagraph, linkParagraph, referenceParagraph, textLayout } from '../text-layout.js';

/** Which address the button leads to, if there is one. */
type Destination = 'loginUrl' | 'startUrl';

/**
 * A mail that tells a person where their registration stands; its words are under `topic` in the catalogues: subject,
 * preview, title, intro (with the e-mail), more, and button where there is one.
 */
export function noticeTemplate(topic: string, button?: Destination): Template<NoticeVariables> {
  const words = (t: Translate, key: string) => t(`${topic}.${key}`);
  return {
    subject: (t) => words(t, 'subject'),
    Html: ({ t, language, variables }: PartProps<NoticeVariables>) => (
      <Layout
        language={language}
        subject={words(t, 'subject')}
        preview={words(t, 'preview')}
        footer={t('common.automatic')}
      >
        <Title>{words(t, 'title')}</Title>
        <EmailParagraph t={t} sentence={`${topic}.intro`} email={variables.email} />
        <Paragraph>{words(t, 'more')}</Paragraph>
        {button && <Button href={variables[button]} label={words(t, 'button')} />}
        {button && <CopyLink t={t} href={variables[button]} />}
        <Reference t={t} value={variables.reference} />
      </Layout>
    ),
    text: ({ t, variables }) =>
      textLayout(t, [
        words(t, 'title'),
        emailParagraph(t, `${topic}.intro`, variables.email),
        button ? linkParagraph(words(t, 'more'), variables[button]) : words(t, 'more'),
        referenceParagraph(t, variables.reference),
      ]),
  };
}
