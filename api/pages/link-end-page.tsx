import { FormToken, TextField } from './form-fields.js';
import { Reference } from './journey.js';
import { Layout } from './layout.js';
import type { LinkEndModel, PageContext } from './models.js';

/** A link that opens no registration: says why before anything is asked, and offers exactly one way on. */
export function LinkEndPage({ page, model }: { page: PageContext; model: LinkEndModel }) {
  const { t } = page;
  const { reason, reference } = model;
  return (
    <Layout page={page} title={t(`linkEnd.${reason}.title`)} scripts={reason in wantsEmail ? ['form-check'] : []}>
      <section class="card narrow">
        <h1>{t(`linkEnd.${reason}.title`)}</h1>
        <p class="lead">{t(`linkEnd.${reason}.text`)}</p>
        <WayOn page={page} reason={reason} />
        {reference && <Reference page={page} reference={reference} />}
      </section>
    </Layout>
  );
}

const isGoingOn = (reason: LinkEndModel['reason']) => ['blocked', 'parked', 'awaitingApproval'].includes(reason);

const wantsEmail = { invalid: true, expired: true };

function WayOn({ page, reason }: { page: PageContext; reason: LinkEndModel['reason'] }) {
  const { t } = page;
  if (reason in wantsEmail) return <FreshLinkForm page={page} />;
  const [href, label] =
    reason === 'cancelled' || reason === 'declined' || reason === 'invitationVoid'
      ? ['/register', t('linkEnd.startAgain')]
      : isGoingOn(reason)
        ? [page.path, t('linkEnd.checkAgain')]
        : ['/login', t('linkEnd.logIn')];
  return (
    <a class="button" href={href}>
      {label}
    </a>
  );
}

function FreshLinkForm({ page }: { page: PageContext }) {
  const { t } = page;
  return (
    <form method="post" action="/register" data-check>
      <FormToken page={page} />
      <TextField
        page={page}
        name="email"
        type="email"
        inputMode="email"
        autocomplete="email"
        hint={t('linkEnd.emailHint')}
      />
      <button type="submit">{t('linkEnd.sendLink')}</button>
    </form>
  );
}
