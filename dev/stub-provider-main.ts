/** The stub provider as a process of its own. Argument: port. */
import { startStubProvider } from './stub-provider.js';

const stub = await startStubProvider({ port: Number(process.argv[2]) });
process.once('SIGTERM', async () => {
  await stub.stop();
  process.exit(0);
});
process.send?.({ ready: true });
