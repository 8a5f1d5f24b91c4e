/* Brings new mails in without reloading, so that neither the scroll position nor the keyboard focus is lost. */
const interval = 2000;

async function refresh() {
  if (document.hidden) return;
  const response = await fetch('/').catch(() => undefined);
  if (!response?.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const [shown, current] = [document.querySelector('main'), page.querySelector('main')];
  if (current.innerHTML === shown.innerHTML) return;
  const focused = document.activeElement?.getAttribute('href');
  document.title = page.title;
  shown.replaceWith(current);
  if (focused) document.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

setInterval(refresh, interval);
document.addEventListener('visibilitychange', refresh);
