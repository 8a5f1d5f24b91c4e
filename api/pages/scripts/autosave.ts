/**
 * Saves the answers of the registration page while the person types. The first save proves the mailbox, so nothing is
 * sent before an input that a person made: a mail scanner that runs this script must not prove anything.
 */
const pauseAfterInput = 800;
const firstRetry = 5_000;
const longestRetry = 60_000;
const statusShown = 4_000;
/** The registration has ended, or this page may no longer save: trying again would not help. */
const finalRefusals = [401, 403, 404, 405, 409, 410];
/** What was typed cannot be taken as it is; the next input is the next try. */
const refusedAnswers = [400, 413, 415, 422];

const form = document.querySelector<HTMLFormElement>('form[data-draft-url]');
if (form) startAutosave(form, form.dataset.draftUrl ?? '');

function startAutosave(form: HTMLFormElement, url: string): void {
  let touched = false;
  let changed = false;
  let sending = 0;
  let stopped = false;
  let retryPause = firstRetry;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<number> | undefined;

  const schedule = (pause: number) => {
    clearTimeout(timer);
    timer = setTimeout(save, pause);
  };

  /** On leaving there is no later: a second request beside a running one is better than a lost answer. */
  async function save(leaving = false): Promise<void> {
    clearTimeout(timer);
    if (!changed || stopped || (sending > 0 && !leaving)) return;
    changed = false;
    sending += 1;
    running = send(url, readAnswers(form));
    const status = await running;
    sending -= 1;
    settle(status);
  }

  function settle(status: number): void {
    if (status === 200) {
      retryPause = firstRetry;
      showStatus('saved');
      if (changed) schedule(pauseAfterInput);
    } else if (finalRefusals.includes(status)) {
      stopped = true;
      showStatus('stopped');
    } else {
      changed = true;
      showStatus('notSaved');
      if (refusedAnswers.includes(status)) return;
      schedule(retryPause);
      retryPause = Math.min(retryPause * 2, longestRetry);
    }
  }

  form.addEventListener('input', (event) => {
    if (!isAnswer(event.target)) return;
    if (!touched && !event.isTrusted) return;
    touched = true;
    changed = true;
    schedule(pauseAfterInput);
  });
  form.addEventListener('change', (event) => {
    if (touched && isAnswer(event.target)) save();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') save(true);
  });
  window.addEventListener('pagehide', () => save(true));
  // Back from the next page: the answers may be changed and saved again.
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) stopped = false;
  });
  document.addEventListener('submit', (event) => {
    if (event.defaultPrevented) return;
    if (event.target === form) {
      // The form itself carries every answer.
      stopped = true;
      clearTimeout(timer);
    } else if ((changed || sending > 0) && event.target instanceof HTMLFormElement) {
      holdUntilSaved(event, event.target, () => Promise.all([running, save(true)]));
    }
  });
}

/** Another form, such as the language switch, loads this page anew: it waits until the answers are on the server. */
function holdUntilSaved(event: SubmitEvent, other: HTMLFormElement, save: () => Promise<unknown>): void {
  event.preventDefault();
  const submitter = event.submitter;
  save().finally(() => other.requestSubmit(submitter));
}

const isAnswer = (target: EventTarget | null) => target instanceof HTMLElement && 'answer' in target.dataset;

function readAnswers(form: HTMLFormElement): Record<string, string> {
  const controls = form.querySelectorAll<HTMLInputElement | HTMLSelectElement>('[data-answer]');
  return Object.fromEntries([...controls].map(({ name, value }) => [name, value]));
}

/** The status of the answer; 0 when there was none. */
async function send(url: string, answers: Record<string, string>): Promise<number> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'vestibule-request': '1' },
      body: JSON.stringify({ answers }),
      // Outlives the page, so that closing the tab right after the last word loses nothing.
      keepalive: true,
      redirect: 'error',
    });
    return response.status;
  } catch {
    return 0;
  }
}

let statusTimer: ReturnType<typeof setTimeout> | undefined;
function showStatus(status: 'saved' | 'notSaved' | 'stopped'): void {
  const element = document.querySelector<HTMLElement>('[data-save-status]');
  if (!element) return;
  clearTimeout(statusTimer);
  element.textContent = element.dataset[status] ?? '';
  element.dataset.state = status;
  if (status === 'saved') statusTimer = setTimeout(() => element.replaceChildren(), statusShown);
}
