import type { FieldErrors } from '../models.js';
import type { PartnerPickerModel } from './partners-picker.js';

export interface ShownField {
  name: string;
  type: 'url' | 'text' | 'number' | 'select' | 'secret';
  options?: string[];
  optional: boolean;
  /** Never of a secret. */
  value?: string;
  /** Of a secret: one is stored. */
  isSet: boolean;
  /** Name of the box that removes an optional secret. */
  removal?: string;
  /** Other fields are shown by its value. */
  decides: boolean;
}

export interface ProviderModel {
  version: string;
  /** As the form has it; `isOn` is what is stored. */
  enabled: boolean;
  isOn: boolean;
  plugin: string;
  storedPlugin: string;
  plugins: string[];
  fields: ShownField[];
  mapping: { name: string; field: string; value?: string; required: boolean }[];
  targetPartner?: string;
  /** Its name. */
  target?: string;
  picker: PartnerPickerModel;
  summary: { rows: number; uploadedAt?: string };
  /** A list that was not taken. */
  list?: { errors: { line: number; code: string }[]; text: string };
  engineAway?: boolean;
  errors: FieldErrors;
  error?: string;
  done?: string;
}

/** Of a field of this page, whoever's it is. */
export const labelKey = (name: string): string => `provider.fields.${name}`;
