export { registration } from './registration.js';
export { notice, providerTest, retryBatch } from './services.js';
export { webhookDelivery } from './webhook-delivery.js';
