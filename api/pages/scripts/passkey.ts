/**
 * Forms marked `data-passkey` ("registration" or "authentication") have the browser make or use a passkey, and are sent
 * with its answer. The words of what can go wrong are the page's.
 */
import {
  browserSupportsWebAuthn,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  startRegistration,
} from '@simplewebauthn/browser';

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-passkey]')) start(form);

function start(form: HTMLFormElement): void {
  const button = form.querySelector<HTMLButtonElement>('button[type=submit]');
  if (!browserSupportsWebAuthn()) {
    say(form, form.dataset.wordsUnsupported);
    if (button) button.disabled = true;
    return;
  }
  let isBusy = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    button?.setAttribute('aria-busy', 'true');
    say(form, '');
    void ask(form)
      .catch((error: unknown) => say(form, wordsOf(form, error)))
      .finally(() => {
        isBusy = false;
        button?.removeAttribute('aria-busy');
      });
  });
}

async function ask(form: HTMLFormElement): Promise<void> {
  const response = await fetch(form.dataset.options ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'vestibule-request': '1' },
    body: '{}',
    redirect: 'error',
  });
  // The session has ended, or a password is wanted first: the page that the server gives now says so.
  if (response.status === 401 || response.status === 403) return location.reload();
  if (!response.ok) throw new Error(`options: ${response.status}`);
  const options: unknown = await response.json();
  const answer =
    form.dataset.passkey === 'registration'
      ? await startRegistration({ optionsJSON: options as PublicKeyCredentialCreationOptionsJSON })
      : await startAuthentication({ optionsJSON: options as PublicKeyCredentialRequestOptionsJSON });
  const field = form.elements.namedItem('passkey');
  if (field instanceof HTMLInputElement) field.value = JSON.stringify(answer);
  form.submit();
}

/** A person who closed the browser's question, or whose device is known already, is told so. */
function wordsOf(form: HTMLFormElement, error: unknown): string | undefined {
  const name = error instanceof Error ? error.name : '';
  if (name === 'InvalidStateError') return form.dataset.wordsKnown;
  return name === 'NotAllowedError' || name === 'AbortError' ? form.dataset.wordsCancelled : form.dataset.wordsFailed;
}

function say(form: HTMLFormElement, words: string | undefined): void {
  const place = form.querySelector<HTMLElement>('[data-said]');
  if (!place) return;
  place.textContent = words ?? '';
  place.hidden = !words;
}
