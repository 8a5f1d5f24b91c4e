/** Show and hide a password, and say how long it is. Whether it is a good one is judged on the server. */
for (const button of document.querySelectorAll<HTMLButtonElement>('[data-reveal]')) startReveal(button);
for (const meter of document.querySelectorAll<HTMLElement>('[data-strength]')) startMeter(meter);

function startReveal(button: HTMLButtonElement): void {
  const input = inputOf(button.dataset.reveal);
  if (!input) return;
  const set = (visible: boolean) => {
    input.type = visible ? 'text' : 'password';
    const { show, showLabel, hide, hideLabel } = button.dataset;
    button.textContent = (visible ? hide : show) ?? '';
    button.setAttribute('aria-label', (visible ? hideLabel : showLabel) ?? '');
  };
  set(false);
  button.hidden = false;
  button.addEventListener('click', () => set(input.type === 'password'));
  // A browser that remembers what was typed into text fields must not remember this one.
  input.form?.addEventListener('submit', () => set(false));
}

function startMeter(meter: HTMLElement): void {
  const input = inputOf(meter.dataset.strength);
  const bar = meter.querySelector('progress');
  const words = meter.querySelector<HTMLElement>('[data-progress]');
  if (!input || !bar || !words) return;
  const minimum = Number(meter.dataset.minimum);
  const update = () => {
    // Code points, as the server counts: an emoji is one character.
    const length = [...input.value].length;
    const enough = length >= minimum;
    meter.hidden = length === 0;
    bar.value = Math.min(length, minimum);
    meter.dataset.state = enough ? 'enough' : 'short';
    words.textContent = enough
      ? (words.dataset.enough ?? '')
      : (words.dataset.progress ?? '').replace('{length}', String(length));
  };
  input.addEventListener('input', update);
  update();
}

function inputOf(id: string | undefined): HTMLInputElement | null {
  const element = id ? document.getElementById(id) : null;
  return element instanceof HTMLInputElement ? element : null;
}
