/** The mail catcher as a process of its own. Arguments: SMTP port, web port, folder of the mails. */
import { startMailCatcher } from './mail-catcher.js';

const [smtpPort, webPort, folder] = process.argv.slice(2);
const catcher = await startMailCatcher({ smtpPort: Number(smtpPort), webPort: Number(webPort), folder });
process.once('SIGTERM', async () => {
  await catcher.stop();
  process.exit(0);
});
process.send?.({ ready: true });
