// Sends what is still wanted when the page is left or hidden, so that no vote is lost.
import {allForms} from './vote-forms.js';
import {isPending, isWaiting, knownIntention} from './vote-intention.js';
import {sendThrottled} from './vote-request.js';

// Sends a vote that still waits for the debounce, the throttle or an earlier answer. The request
// outlives the page (keepalive); a failure is ignored, because nobody sees the page any more.
function sendAtOnce(form) {
  if (!isWaiting(form)) return;
  const intention = knownIntention(form);
  intention.sent = intention.wanted;
  const body = new URLSearchParams(new FormData(form));
  body.set('value', intention.sent);
  fetch(form.action, {
    method: 'POST',
    body,
    headers: {'HX-Request': 'true'},
    keepalive: true,
  }).catch(() => {});
}

// A hidden page skips the debounce, because a phone may end it without a further event.
function skipDebounce(form) {
  const intention = knownIntention(form);
  if (intention && isPending(intention)) sendThrottled(form);
}

document.addEventListener('visibilitychange', () => document.hidden && allForms().forEach(skipDebounce));
addEventListener('pagehide', () => allForms().forEach(sendAtOnce));
addEventListener('htmx:before:cleanup', (event) => sendAtOnce(event.target));
