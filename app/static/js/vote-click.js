// A click on a vote button is painted at once and stored as the vote that the user wants. hx-trigger's
// `submit delay` waits for the last click of a burst; vote-request.js continues from there.
import {findBox, paint} from './vote-box.js';
import {intentionOf} from './vote-intention.js';
import {showMessage} from './vote-message.js';
import {secondsLeft, showWait} from './retry-after.js';

// The capture phase comes before htmx starts its timers, and painting changes the button's value.
addEventListener('submit', (event) => {
  const form = event.target;
  if (!form.matches('form.vote') || !window.htmx || !event.submitter) return;
  event.preventDefault();
  if (secondsLeft(form)) {
    event.stopPropagation();
    showWait(form);
    return;
  }
  const intention = intentionOf(form);
  intention.wanted = Number(event.submitter.value);
  intention.unsure = null;
  showMessage(form, '');
  paint(findBox(form), intention.wanted);
}, true);

// A held Enter key repeats the click, but the user wants it only once.
addEventListener('keydown', (event) => {
  if (event.repeat && event.key === 'Enter' && event.target.closest?.('form.vote')) event.preventDefault();
});
