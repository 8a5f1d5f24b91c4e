/** Asks whether the account is there, and goes on only when it is; the page stays still while it is not. */
const pause = 2_000;

async function ask(): Promise<void> {
  try {
    const response = await fetch(window.location.href, { redirect: 'manual', cache: 'no-store' });
    const waiting = response.ok && (await response.text()).includes('data-processing');
    // A busy server is asked again; everything else, a redirect above all, is for the person to see.
    if (!waiting && response.status < 500) {
      window.location.reload();
      return;
    }
  } catch {
    // Offline for a moment: ask again.
  }
  setTimeout(ask, pause);
}
setTimeout(ask, pause);
