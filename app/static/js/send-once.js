// A form is sent once: while the page waits for the answer, its buttons are off and another click sends
// nothing. The server recognises a second copy by the form's key anyway; this shows that it is being sent.

const GIVE_UP = 10_000; // ms; a request that was stopped or got no answer may be sent again
const sending = new WeakMap(); // form -> the timer that ends it

const isSentOnce = (form) => form.method === 'post' && !form.matches('form.vote');

// The buttons keep the focus and their value, which `disabled` would take from them.
function showSending(form, yes) {
  for (const button of form.querySelectorAll('button')) button.ariaDisabled = yes ? 'true' : null;
}

function endSending(form) {
  clearTimeout(sending.get(form));
  sending.delete(form);
  showSending(form, false);
}

addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || !isSentOnce(form)) return;
  if (sending.has(form)) {
    event.preventDefault();
    return;
  }
  sending.set(form, setTimeout(endSending, GIVE_UP, form));
  showSending(form, true);
});

// A page from the browser's cache comes back as it was left.
addEventListener('pageshow', ({persisted}) => {
  if (persisted) Array.from(document.forms).filter(isSentOnce).forEach(endSending);
});
