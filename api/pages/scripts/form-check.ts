/**
 * The browser's own checks with the page's words beside the field instead of a bubble in the browser's language, so that
 * a slip costs neither a round trip nor the password. The server checks everything again.
 */
type Control = HTMLInputElement | HTMLSelectElement;

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-check]')) startCheck(form);

function startCheck(form: HTMLFormElement): void {
  form.noValidate = true;
  let sent = false;
  form.addEventListener('submit', (event) => {
    const submitter = event.submitter as HTMLButtonElement | null;
    if (sent || (!submitter?.formNoValidate && !check(form))) {
      event.preventDefault();
      return;
    }
    sent = true;
    submitter?.setAttribute('aria-busy', 'true');
  });
  form.addEventListener('input', ({ target }) => {
    if (isControl(target) && target.getAttribute('aria-invalid') && target.validity.valid) show(target, '');
  });
  // Back from the next page, out of the browser's cache: the form may be sent again.
  window.addEventListener('pageshow', () => {
    sent = false;
    for (const busy of form.querySelectorAll('[aria-busy]')) busy.removeAttribute('aria-busy');
  });
}

function check(form: HTMLFormElement): boolean {
  const controls = [...form.elements].filter(isControl).filter(({ willValidate }) => willValidate);
  for (const control of controls) show(control, words(control));
  const wrong = controls.find(({ validity }) => !validity.valid);
  wrong?.focus();
  return !wrong;
}

const isControl = (element: EventTarget | null): element is Control =>
  element instanceof HTMLInputElement || element instanceof HTMLSelectElement;

function words({ validity, dataset }: Control): string {
  if (validity.valid) return '';
  if (validity.valueMissing) return dataset.wordsMissing ?? '';
  return (validity.tooShort && dataset.wordsShort) || (dataset.wordsInvalid ?? '');
}

function show(control: Control, message: string): void {
  const error = document.getElementById(`${control.id}-error`);
  if (!error) return;
  error.textContent = message;
  error.hidden = message === '';
  if (message) control.setAttribute('aria-invalid', 'true');
  else control.removeAttribute('aria-invalid');
}
