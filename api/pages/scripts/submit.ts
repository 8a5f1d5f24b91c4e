/** Sends the form of a page that asks nothing, as its first button would. */
const form = document.querySelector<HTMLFormElement>('form[data-submit]');
form?.requestSubmit(form.querySelector('button'));
