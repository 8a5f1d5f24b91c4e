import type { DeliveryState, ListedDelivery } from '../../../db/webhook-deliveries.js';
import type { FieldErrors } from '../models.js';

export interface ShownWebhookModel {
  id: string;
  name: string;
  url: string;
  eventTypes: string[];
  version: number;
  /** ISO 8601, as all times here. */
  failingSince?: string;
  disabledAt?: string;
  disabledReason?: string;
  secretAt: string;
  /** The secret before the last change signs as well until then. */
  oldSecretUntil?: string;
}

interface FormModel {
  /** All there are. */
  eventTypes: string[];
  form: Partial<Record<string, string>>;
  errors: FieldErrors;
  error?: string;
  done?: string;
}

export interface WebhooksModel extends FormModel {
  webhooks: (ShownWebhookModel & { counts: Partial<Record<DeliveryState, number>> })[];
  /** Of the endpoint that the form will make. */
  newId: string;
}

export interface WebhookModel extends FormModel {
  webhook: ShownWebhookModel;
  deliveries: ListedDelivery[];
  /** Where the list goes on. */
  next?: string;
  isFirst: boolean;
  /** Only deliveries in this state are shown. */
  state?: DeliveryState;
}
