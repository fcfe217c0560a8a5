// Decides when a form sends its vote. The debounced `submit` sends nothing itself: it is passed on as `vote`,
// because hx-trigger cannot delay and throttle one event. The throttle spaces the requests of a form,
// and only one of them is in flight at a time.
import {isPending, knownIntention} from './vote-intention.js';
import {beginRequest} from './vote-outcome.js';
import {secondsLeft} from './retry-after.js';

const debouncing = new WeakSet(); // the forms whose last click still waits for hx-trigger's delay

export const beginDebounce = (form) => debouncing.add(form);

// Has the wanted vote sent as soon as hx-trigger's throttle allows. This ends a debounce, because htmx stops
// the delay of `submit` at any event of the form.
export function sendThrottled(form) {
  debouncing.delete(form);
  window.htmx.trigger(form, 'vote');
}

// Has a vote sent that was clicked while the last one was in flight. A debounce sends it at its own end.
export function sendNext(form) {
  if (isPending(knownIntention(form)) && !debouncing.has(form)) sendThrottled(form);
}

addEventListener('htmx:config:request', (event) => {
  const {ctx} = event.detail;
  const form = ctx.sourceElement;
  const intention = knownIntention(form);
  if (!intention) return;
  const isDebounced = ctx.sourceEvent.type === 'submit';
  if (isDebounced) debouncing.delete(form);
  if (intention.inFlight || !isPending(intention) || secondsLeft(form)) {
    event.preventDefault();
  } else if (isDebounced) {
    event.preventDefault();
    sendThrottled(form);
  } else {
    beginRequest(intention);
    ctx.request.body.set('value', intention.sent); // the button's value has changed since the click
  }
});
