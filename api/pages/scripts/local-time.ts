/** Turns the server's UTC into the time on the person's own clock. */
for (const element of document.querySelectorAll<HTMLTimeElement>('time[data-local-time]')) {
  const at = new Date(element.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  const withTime = element.dataset.localTime === 'minute';
  element.textContent = new Intl.DateTimeFormat(element.dataset.locale, {
    dateStyle: 'long',
    ...(withTime ? { timeStyle: 'short' } : {}),
  }).format(at);
}
