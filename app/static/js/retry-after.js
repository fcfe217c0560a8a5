// The wait that the server asks for with Retry-After. The button sends nothing before its end, and the
// message counts the seconds down.
import {showMessage, statusElement} from './vote-message.js';

const TICK = 250; // ms
const waits = new WeakMap(); // owner -> {end: ms as in Date.now(), reason: text}

export function startWait(owner, seconds, reason) {
  waits.set(owner, {end: Date.now() + seconds * 1000, reason});
}

export function secondsLeft(owner) {
  const end = waits.get(owner)?.end ?? 0;
  return Math.max(0, Math.ceil((end - Date.now()) / 1000));
}

// Shows the text, or the reason for the wait, with the seconds that are left.
export function showWait(owner, text = waits.get(owner).reason) {
  showMessage(owner, `${text} Try again in `);
  const number = document.createElement('span');
  number.className = 'vote-wait';
  number.setAttribute('aria-live', 'off'); // screen readers would announce every second otherwise
  number.textContent = secondsLeft(owner);
  statusElement(owner).append(number, ' s.');
  countDown(owner);
}

// Updates the number in the message until the wait ends. The server's own message can hold one too.
export function countDown(owner) {
  const number = owner.querySelector('.vote-wait');
  if (!number || !waits.has(owner)) return;
  const seconds = secondsLeft(owner);
  if (seconds > 0) {
    number.textContent = seconds;
    setTimeout(countDown, TICK, owner);
  } else {
    showMessage(owner, '');
  }
}
