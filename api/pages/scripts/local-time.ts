/** Turns the server's UTC into the time on the person's own clock. */
export function showLocalTimes(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLTimeElement>('time[data-local-time]')) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const withTime = element.dataset.localTime === 'minute';
    element.textContent = new Intl.DateTimeFormat(element.dataset.locale, {
      dateStyle: 'long',
      ...(withTime ? { timeStyle: 'short' } : {}),
    }).format(at);
  }
}

showLocalTimes(document);
