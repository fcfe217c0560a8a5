// The message of a vote form. It is always written into the same role=status element, because screen
// readers announce changes only in a live region that they already know.
import {findBox} from './vote-box.js';

const READING_TIME = 10_000; // ms; the message covers the text beside the form, so it must not stay

export const statusElement = (box) => box.querySelector('[role=status]');

export function showMessage(form, message) {
  statusElement(findBox(form)).textContent = message;
  clearMessageLater(form);
}

// Removes the current message after the reading time, unless another message has replaced it.
export function clearMessageLater(form) {
  const status = statusElement(findBox(form));
  const message = status.textContent;
  if (message) setTimeout(() => status.textContent === message && (status.textContent = ''), READING_TIME);
}
