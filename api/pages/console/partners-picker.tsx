import type { FieldErrors, PageContext } from '../models.js';
import { Input, Select } from './fields.js';

export interface PartnerPickerModel {
  /** Partners to choose from; with `more`, a search brings others. */
  choices: { id: string; name: string; city: string | null }[];
  more: boolean;
  search?: string;
}

interface PickerProps {
  page: PageContext;
  name: string;
  label: string;
  hint?: string;
  /** Words of the choice of nobody. */
  none: string;
  value?: string;
  picker: PartnerPickerModel;
  errors?: FieldErrors;
  disabled?: boolean;
}

/** Chooses one partner of perhaps very many: a list, and where it cannot hold all of them a search that works without script. */
export function PartnerPicker(props: PickerProps) {
  const { page, name, none, picker, disabled } = props;
  const { t } = page;
  const options = picker.choices.map(({ id, name: words, city }): [string, string] => [
    id,
    city ? `${words} (${city})` : words,
  ]);
  return (
    <>
      <Select {...props} options={[['', none], ...options]} />
      {picker.more && !disabled && (
        <div class="picker-search">
          <Input
            page={page}
            name={`${name}Search`}
            label={t('partners.pickerSearch')}
            hint={t('partners.pickerHint')}
            value={picker.search}
          />
          <button type="submit" class="outline" name="action" value="find">
            {t('partners.pickerFind')}
          </button>
        </div>
      )}
    </>
  );
}

/** What the Enter key does in a form whose first button would only look something up. */
export const DefaultButton = ({ value }: { value: string }) => (
  <button type="submit" name="action" value={value} class="default-button" tabIndex={-1} aria-hidden="true" />
);
