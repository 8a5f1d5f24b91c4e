/**
 * Parts marked `data-live` (with an id) show the page's newest state every five seconds, without moving what a person is
 * working in: a part that has the focus, and a page in the background, are left alone. It asks no more once nobody has
 * touched the page for a while, or a session would never be idle (security.md S4).
 */
import { showLocalTimes } from './local-time.js';

const every = 5_000;
const watchedFor = 10 * 60_000;
let touched = Date.now();

for (const sign of ['pointermove', 'keydown', 'scroll'])
  addEventListener(sign, () => {
    touched = Date.now();
  });

async function refresh(): Promise<void> {
  if (document.hidden || Date.now() - touched > watchedFor) return;
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
  // The session has ended, perhaps: what is shown stays, and the next click says so.
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  showLocalTimes(fresh);
  for (const part of document.querySelectorAll<HTMLElement>('[data-live]')) {
    const newer = fresh.getElementById(part.id);
    if (!newer || part.contains(document.activeElement) || newer.innerHTML === part.innerHTML) continue;
    part.replaceChildren(...newer.childNodes);
  }
}

setInterval(() => void refresh().catch(() => undefined), every);
