// The wait that the server asks for with Retry-After. The form sends nothing before its end, and the
// message counts the seconds down.
import {findBox} from './vote-box.js';
import {showMessage, statusElement} from './vote-message.js';

const TICK = 250; // ms
const waits = new WeakMap(); // form -> {end: ms as in Date.now(), reason: text}

export function startWait(form, seconds, reason) {
  waits.set(form, {end: Date.now() + seconds * 1000, reason});
}

export function secondsLeft(form) {
  const end = waits.get(form)?.end ?? 0;
  return Math.max(0, Math.ceil((end - Date.now()) / 1000));
}

// Shows the text, or the reason for the wait, with the seconds that are left.
export function showWait(form, text = waits.get(form).reason) {
  showMessage(form, `${text} Try again in `);
  const number = document.createElement('span');
  number.className = 'vote-wait';
  number.setAttribute('aria-live', 'off'); // screen readers would announce every second otherwise
  number.textContent = secondsLeft(form);
  statusElement(findBox(form)).append(number, ' s.');
  countDown(form);
}

// Updates the number in the message until the wait ends. The server's own message can hold one too.
export function countDown(form) {
  const number = findBox(form).querySelector('.vote-wait');
  if (!number || !waits.has(form)) return;
  const seconds = secondsLeft(form);
  if (seconds > 0) {
    number.textContent = seconds;
    setTimeout(countDown, TICK, form);
  } else {
    showMessage(form, '');
  }
}
