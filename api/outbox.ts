import type { Services } from './registrations.js';

/** Has a notice of the outbox mailed; while the engine is away it stays there, and the reconciler takes it up. */
export async function handNotice({ engine, log }: Pick<Services, 'engine' | 'log'>, noticeId: string): Promise<void> {
  await engine.serve('notice', noticeId).catch((error) => {
    log.warn({ err: error, noticeId }, 'the engine did not take a notice; it is taken up later');
  });
}
