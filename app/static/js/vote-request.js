// Decides when a form sends its vote. The debounced `submit` sends nothing itself: it is passed on as `vote`,
// because hx-trigger cannot delay and throttle one event. The throttle spaces the requests of a form,
// and only one of them is in flight at a time.
import {isPending, knownIntention} from './vote-intention.js';
import {beginRequest} from './vote-outcome.js';
import {secondsLeft} from './retry-after.js';

// Has the wanted vote sent as soon as hx-trigger's throttle allows.
export function sendThrottled(form) {
  window.htmx.trigger(form, 'vote');
}

addEventListener('htmx:config:request', (event) => {
  const {ctx} = event.detail;
  const form = ctx.sourceElement;
  const intention = knownIntention(form);
  if (!intention) return;
  if (intention.inFlight || !isPending(intention) || secondsLeft(form)) {
    event.preventDefault();
  } else if (ctx.sourceEvent.type === 'submit') {
    event.preventDefault();
    sendThrottled(form);
  } else {
    beginRequest(intention);
    ctx.request.body.set('value', intention.sent); // the button's value has changed since the click
  }
});
