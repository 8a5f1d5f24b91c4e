/** One field of a provider's settings, from which the Console draws its form. Secrets are stored apart from the rest. */
export interface ProviderField {
  /** Its label is `provider.fields.<name>` of the catalogues. */
  name: string;
  type: 'url' | 'text' | 'number' | 'select' | 'secret';
  options?: string[];
  /** Shown, and needed, only while the other field has one of these values. */
  showWhen?: { field: string; is: string[] };
  optional?: boolean;
}

export interface ProviderMetadata {
  id: string;
  fields: ProviderField[];
}
