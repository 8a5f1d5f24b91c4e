/** Reads a chosen file into a text area, so that it can be looked over before it is sent. Without script one pastes. */
const largest = 2 * 1024 * 1024;

for (const input of document.querySelectorAll<HTMLInputElement>('input[type="file"][data-file-into]')) {
  const area = document.getElementById(input.dataset.fileInto ?? '');
  const box = input.closest<HTMLElement>('[data-file-box]');
  if (!(area instanceof HTMLTextAreaElement) || !box) continue;
  box.hidden = false;
  input.addEventListener('change', () => void read(input, area, box.querySelector<HTMLElement>('[data-too-large]')));
}

async function read(input: HTMLInputElement, area: HTMLTextAreaElement, status: HTMLElement | null): Promise<void> {
  const [file] = input.files ?? [];
  if (!file) return;
  const isTooLarge = file.size > largest;
  if (status) status.textContent = isTooLarge ? (status.dataset.tooLarge ?? '') : '';
  if (!isTooLarge) area.value = decode(await file.arrayBuffer());
}

/** Older spreadsheets write their country's code page instead of UTF-8. */
function decode(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}
