// The message of a vote button. It is always written into the same role=status element, because screen
// readers announce changes only in a live region that they already know.

const READING_TIME = 10_000; // ms; the message covers the text beside the button, so it must not stay

export const statusElement = (owner) => owner.querySelector('[role=status]');

export function showMessage(owner, message) {
  statusElement(owner).textContent = message;
  clearMessageLater(owner);
}

// Removes the current message after the reading time, unless another message has replaced it.
export function clearMessageLater(owner) {
  const status = statusElement(owner);
  const message = status.textContent;
  if (message) setTimeout(() => status.textContent === message && (status.textContent = ''), READING_TIME);
}
