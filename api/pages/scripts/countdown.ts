/** Counts down to the moment when another mail may be asked for. The server keeps to it whatever happens here. */
const button = document.querySelector<HTMLButtonElement>('button[data-countdown]');
const seconds = Number(button?.dataset.countdown);
if (button && seconds > 0) startCountdown(button, seconds);

function startCountdown(button: HTMLButtonElement, seconds: number): void {
  const note = document.querySelector<HTMLElement>('[data-countdown-note]');
  const label = button.textContent;
  // By the clock, not by ticks: a phone that sleeps stops ticking.
  const readyAt = Date.now() + seconds * 1_000;
  const tick = () => {
    const left = Math.ceil((readyAt - Date.now()) / 1_000);
    button.disabled = left > 0;
    if (left > 0) {
      button.textContent = (button.dataset.waiting ?? '').replace('{time}', clock(left));
      return;
    }
    clearInterval(timer);
    button.textContent = label;
    if (note) note.textContent = note.dataset.ready ?? '';
  };
  const timer = setInterval(tick, 1_000);
  // The button says it now, to the second.
  note?.replaceChildren();
  tick();
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
