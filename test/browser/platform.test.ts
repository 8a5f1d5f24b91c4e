/** The Console's pages for the host platform, with something on each of them. */
import { randomUUID } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { SecretKeys } from '../../db/secret-keys.js';
import { createWebhook, eventTypes } from '../../db/webhooks.js';
import { buildStaff } from '../api/console/fixtures.js';
import { buildApiKey } from '../builders/machines.js';
import { buildEmail, buildLink, password } from '../builders/registrations.js';
import { buildUser } from '../db/fixtures/rows.js';
import {
  accessibilityFaults,
  desktop,
  openDevice,
  phone,
  type Scene,
  startScene,
  takePictures,
} from '../helpers/browser.js';
import { eventually } from '../helpers/eventually.js';
import { startReceiver, type WebhookReceiver } from '../helpers/webhook-receiver.js';

const test = anyTest as TestFn<{ scene: Scene; receiver: WebhookReceiver; email: string; webhookId: string }>;

test.before(async (t) => {
  const receiver = await startReceiver();
  const scene = await startScene({ WEBHOOK_ALLOWED_ORIGINS: receiver.url });
  Object.assign(t.context, { scene, receiver });
  const { stack } = scene;
  const { db } = stack;
  const admin = await buildStaff(stack, 'admin');
  const webhookId = randomUUID();
  const values = { name: 'Host platform', url: `${receiver.url}/events`, event_types: [...eventTypes] };
  const keys = SecretKeys.parse(stack.env.SECRET_KEYS ?? '');
  await createWebhook(db, keys, { id: webhookId, staffId: admin.id, values });
  await buildLink(stack, buildEmail());
  receiver.answer = { status: 500 };
  await buildUser(db);
  await eventually('a failed try', () => db('webhook_deliveries').where({ state: 'retrying' }).first());
  receiver.answer = { status: 410 };
  await buildUser(db);
  await eventually('a failed delivery', () => db('webhook_deliveries').where({ state: 'failed' }).first());
  receiver.answer = { status: 500 };
  await db('webhook_endpoints').update({ disabled_at: null, disabled_reason: null });
  await buildApiKey(stack, admin, ['users:read']);
  const revoked = await buildApiKey(stack, admin);
  await db('api_keys').where({ id: revoked.id }).update({ revoked_at: new Date() });
  Object.assign(t.context, { email: admin.email, webhookId });
});
test.after.always(async (t) => {
  await t.context.scene?.close();
  await t.context.receiver?.stop();
});

test.serial('keys and webhooks are made, read and tried by everyone, on a desk and on a phone', async (t) => {
  const { scene, email, webhookId } = t.context;
  const { url } = scene.stack;
  const device = await openDevice(scene);
  const { page } = device;
  await page.goto(`${url}/console/login`);
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(password);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${url}/console`);
  const look = async (name: string) => {
    t.deepEqual(await accessibilityFaults(page), [], name);
    for (const viewport of [desktop, phone]) {
      await page.setViewportSize(viewport);
      const scrollsSideways = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
      t.false(await page.evaluate(scrollsSideways), `${name} at ${viewport.width}`);
    }
    await takePictures(page, `console/${name}`);
  };

  await page.goto(`${url}/console/webhooks`);
  await look('webhooks');
  await page.locator('#name').fill('Second');
  await page.locator('#url').fill('https://elsewhere.example/');
  await page.locator('button:has-text("Add webhook")').click();
  await page.locator('.notice-error').first().waitFor();
  await page.locator('#url').fill(`${t.context.receiver.url}/second`);
  await page.locator('button:has-text("Add webhook")').click();
  await page.locator('code:has-text("whsec_")').waitFor();
  await look('webhook-secret');
  await page.goto(`${url}/console/webhooks/${webhookId}`);
  await look('webhook');
  await page.locator('button:has-text("Send test event")').click();
  await page.locator('.notice-success').waitFor();

  await page.goto(`${url}/console/api-keys`);
  await look('api-keys');
  await page.locator('#name').fill('Billing');
  await page.locator('#scope0').check();
  await page.locator('button:has-text("Make key")').click();
  await page.locator('code:has-text("vst_")').first().waitFor();
  await look('new-api-key');
  t.deepEqual(await device.finish(), []);
});
