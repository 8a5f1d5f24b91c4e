/** A program for a test: one request to the listed address given, said in a word. */
import { safeRequest } from '../../../activities/providers/safe-http.js';

const result = await safeRequest({
  url: new URL(process.argv[2] ?? ''),
  method: 'GET',
  headers: {},
  endsAt: performance.now() + 10_000,
  anyAddress: true,
});
process.stdout.write(
  'answer' in result ? `answered ${result.answer.status}` : 'reason' in result.failure ? result.failure.reason : '',
);
