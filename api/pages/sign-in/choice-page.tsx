import { FormToken } from '../form-fields.js';
import { Layout } from '../layout.js';
import type { PageContext } from '../models.js';

export interface ChoiceModel {
  application: string;
  name: string;
  email: string;
}

/** The application wants a new account, and somebody is logged in: this person, or another one at the same computer? */
export function ChoicePage({ page, model }: { page: PageContext; model: ChoiceModel }) {
  const { t } = page;
  const { application, name, email } = model;
  return (
    <Layout page={page} title={t('signIn.choiceTitle')}>
      <section class="card narrow">
        <h1>{t('signIn.choiceTitle')}</h1>
        <p class="lead">{t('signIn.choiceLead', { application, name, email })}</p>
        <form class="actions" method="post" action="/sign-in">
          <FormToken page={page} />
          <button type="submit" name="decision" value="continue">
            {t('signIn.continueAs', { name })}
          </button>
          <button type="submit" class="outline" name="decision" value="newAccount">
            {t('signIn.newAccount')}
          </button>
        </form>
      </section>
    </Layout>
  );
}
