// A click on a vote button of a form is painted at once and stored. hx-trigger's `submit delay` waits for
// the last click of a burst; vote-request.js continues from there.
import {beginDebounce} from './vote-request.js';
import {ignoreRepeatedEnter, wantVote} from './vote-want.js';

// The capture phase comes before htmx starts its timers, and painting changes the button's value.
addEventListener('submit', (event) => {
  const form = event.target;
  if (!form.matches('form.vote') || !window.htmx || !event.submitter) return;
  event.preventDefault();
  if (wantVote(form, Number(event.submitter.value))) beginDebounce(form);
  else event.stopPropagation();
}, true);

addEventListener('keydown', (event) => {
  if (event.target.closest?.('form.vote')) ignoreRepeatedEnter(event);
});
