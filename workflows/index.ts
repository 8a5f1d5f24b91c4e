export { registration } from './registration.js';
export { joinRequest, notice, providerTest, retryBatch } from './services.js';
export { webhookDelivery } from './webhook-delivery.js';
