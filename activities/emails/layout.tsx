import type { ComponentChildren } from 'preact';
import type { Language, Translate } from '../i18n.js';
import { aroundEmail, ForeignText } from './foreign-text.js';

const fonts = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";
/** The same colours as the pages' (`api/assets/tokens.css`), written out: mail programs know no custom properties. */
const light = {
  ground: '#f3f6f5',
  surface: '#ffffff',
  line: '#dbe3e1',
  ink: '#1b2625',
  soft: '#4d5b59',
  accent: '#0f5e5a',
  onAccent: '#ffffff',
  lamp: '#f4c66a',
};
const dark = {
  ground: '#0f1716',
  surface: '#172120',
  line: '#2c3b39',
  ink: '#e6eeec',
  soft: '#a9b8b5',
  accent: '#86d3ca',
  onAccent: '#06211f',
};
const body = `margin:0 0 16px;font-size:16px;line-height:1.55;color:${light.ink}`;
const note = `margin:0 0 8px;font-size:14px;line-height:1.5;color:${light.soft}`;

// Phones and dark screens. Programs that ignore this see the light mail, or turn its colours by themselves.
// No quotes and no < or & in here: they would be escaped.
const styles = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (max-width: 480px) {
  .card { padding: 28px 22px !important; }
  .outer { padding: 16px 10px 24px !important; }
  .button, .button a { display: block !important; text-align: center !important; }
  .buttons { width: 100% !important; }
}
@media (prefers-color-scheme: dark) {
  .page { background-color: ${dark.ground} !important; }
  .card { background-color: ${dark.surface} !important; border-color: ${dark.line} !important; }
  .text, .title, .brand { color: ${dark.ink} !important; }
  .note { color: ${dark.soft} !important; }
  .button, .button a { background-color: ${dark.accent} !important; color: ${dark.onAccent} !important; }
  .link { color: ${dark.accent} !important; }
  .line { border-color: ${dark.line} !important; }
}
`;

interface LayoutProps {
  language: Language;
  subject: string;
  /** What the list of mails shows after the subject. */
  preview: string;
  footer: string;
  children: ComponentChildren;
}

export const Layout = ({ language, subject, preview, footer, children }: LayoutProps) => (
  <html lang={language} style="color-scheme:light dark">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="supported-color-schemes" content="light dark" />
      <meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no" />
      <meta name="x-apple-disable-message-reformatting" />
      <title>{subject}</title>
      <style>{styles}</style>
    </head>
    <body class="page" style={`margin:0;padding:0;background-color:${light.ground};font-family:${fonts}`}>
      <div style="display:none;max-height:0;overflow:hidden;opacity:0">{preview}</div>
      <Table class="page" width="100%" style={`background-color:${light.ground}`}>
        <td class="outer" align="center" style="padding:32px 16px 40px">
          <Table width="100%" style="max-width:600px">
            <td style="padding:0 4px 18px">
              <Wordmark />
            </td>
          </Table>
          <Table width="100%" style="max-width:600px;border-collapse:separate">
            <td
              class="card"
              align="left"
              style={`padding:40px;background-color:${light.surface};border:1px solid ${light.line};border-radius:12px;font-family:${fonts}`}
            >
              {children}
            </td>
          </Table>
          <Table width="100%" style="max-width:600px">
            <td style={`padding:20px 4px 0;font-family:${fonts}`} align="left">
              <p class="note" style={`margin:0;font-size:12px;line-height:1.5;color:${light.soft}`}>
                {footer}
              </p>
            </td>
          </Table>
        </td>
      </Table>
    </body>
  </html>
);

/** A table of one row: the only box that every mail program draws alike. */
const Table = (props: { class?: string; width?: string; style?: string; children: ComponentChildren }) => (
  <table
    role="presentation"
    class={props.class}
    width={props.width}
    cellpadding="0"
    cellspacing="0"
    style={props.style}
  >
    <tbody>
      <tr>{props.children}</tr>
    </tbody>
  </table>
);

/** The lit doorway of the pages' mark, made of coloured cells: no image, nothing is loaded from anywhere. */
const Wordmark = () => (
  <Table>
    <td
      width={20}
      height={22}
      align="center"
      valign="bottom"
      style={`width:20px;height:22px;background-color:${light.accent};border-radius:10px 10px 0 0;font-size:1px;line-height:1px`}
    >
      <div
        style={`width:8px;height:13px;margin:0 auto;background-color:${light.lamp};border-radius:4px 4px 0 0;font-size:1px;line-height:1px`}
      >
        {'\u00a0'}
      </div>
    </td>
    <td
      class="brand"
      style={`padding-left:10px;font-family:${fonts};font-size:19px;font-weight:650;letter-spacing:-0.01em;color:${light.ink}`}
    >
      Vestibule
    </td>
  </Table>
);

export const Title = ({ children }: { children: ComponentChildren }) => (
  <h1 class="title" style={`margin:0 0 14px;font-size:24px;line-height:1.25;font-weight:650;color:${light.ink}`}>
    {children}
  </h1>
);

export const Paragraph = ({ children }: { children: ComponentChildren }) => (
  <p class="text" style={body}>
    {children}
  </p>
);

export const Note = ({ children }: { children: ComponentChildren }) => (
  <p class="note" style={note}>
    {children}
  </p>
);

export const EmailParagraph = ({ t, sentence, email }: { t: Translate; sentence: string; email: string }) => {
  const [before, after] = aroundEmail(t, sentence);
  return (
    <Paragraph>
      {before}
      <ForeignText value={email} />
      {after}
    </Paragraph>
  );
};

/** The cell carries colour and (for Word-based Outlook) padding, the link carries padding for all others. */
export const Button = ({ href, label }: { href: string; label: string }) => (
  <table
    role="presentation"
    class="buttons"
    cellpadding="0"
    cellspacing="0"
    style="margin:8px 0 24px;border-collapse:separate"
  >
    <tbody>
      <tr>
        <td
          class="button"
          align="center"
          style={`background-color:${light.accent};border-radius:8px;mso-padding-alt:14px 28px`}
        >
          <a
            href={href}
            style={`display:inline-block;padding:14px 28px;border-radius:8px;background-color:${light.accent};font-family:${fonts};font-size:16px;font-weight:600;line-height:20px;color:${light.onAccent};text-decoration:none`}
          >
            {label}
          </a>
        </td>
      </tr>
    </tbody>
  </table>
);

export const Link = ({ href, children }: { href: string; children: ComponentChildren }) => (
  <a class="link" href={href} style={`color:${light.accent};text-decoration:underline`}>
    {children}
  </a>
);

/** For whom the button does nothing: the same address to read and to copy. */
export const CopyLink = ({ t, href }: { t: Translate; href: string }) => (
  <Note>
    {t('common.copyLink')}
    <br />
    <span style="word-break:break-all">
      <Link href={href}>{href}</Link>
    </span>
  </Note>
);

export const NotYou = ({ t, children }: { t: Translate; children: ComponentChildren }) => (
  <>
    <div class="line" style={`margin:24px 0 20px;border-top:1px solid ${light.line};font-size:1px;line-height:1px`}>
      {'\u00a0'}
    </div>
    <p class="text" style={`margin:0 0 4px;font-size:14px;line-height:1.5;font-weight:600;color:${light.ink}`}>
      {t('common.notYouTitle')}
    </p>
    <Note>{children}</Note>
  </>
);

export const Reference = ({ t, value }: { t: Translate; value: string }) => (
  <p class="note" style={`margin:20px 0 0;font-size:14px;line-height:1.5;color:${light.soft}`}>
    {t('common.reference')}{' '}
    <strong class="text" style={`white-space:nowrap;color:${light.ink}`}>
      {value}
    </strong>
    . {t('common.referenceUse')}
  </p>
);
