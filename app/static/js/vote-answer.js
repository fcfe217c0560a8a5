// Takes the server's answer to a vote: a fragment with the vote box, or another page.
import {applyPhase} from './countdown.js';
import {confirmedVersion, findBox, isSecret, paint} from './vote-box.js';
import {isPending, knownIntention} from './vote-intention.js';
import {statusElement} from './vote-message.js';
import {concludeRequest, takeOnlyVote} from './vote-outcome.js';
import {sendNext} from './vote-request.js';

addEventListener('htmx:before:swap', (event) => {
  const {ctx, tasks} = event.detail;
  const form = ctx.sourceElement;
  const intention = knownIntention(form);
  if (!intention) return;
  const [box, error] = ['.vote-box', 'p.error[role=alert]'].map((each) => tasks[0]?.fragment.querySelector(each));
  if (box) intention.failure = '';
  else if (error) intention.failure = error.textContent;
  if (box?.dataset.votesLeft) {
    dispatchEvent(new CustomEvent('vote:left', {detail: {left: box.dataset.votesLeft}}));
  }
  if (box && ctx.response.status < 400) applyPhase(box); // a refusal knows better
  const down = form.querySelector('.vote-down:focus');
  if (down && box && !box.querySelector('.vote-down')) form.querySelector('.vote-up').focus();
  if (!box) {
    event.preventDefault(); // the answer is another page, such as a login page
  } else if (isSecret(box) && !isSecret(findBox(form))) {
    event.preventDefault(); // secrecy begins or has just ended: the live stream says which
    takeOnlyVote(form, Number(box.dataset.vote));
    takeMessage(form, box);
  } else if (Number(box.dataset.version) < confirmedVersion(form)) {
    event.preventDefault(); // the live stream has already brought a newer state
    takeMessage(form, box);
  } else if (isPending(intention)) {
    paint(box, intention.wanted); // the user has clicked again since this vote was sent
  }
});

function takeMessage(form, answer) {
  statusElement(form).replaceChildren(...statusElement(answer).childNodes);
}

addEventListener('htmx:finally:request', (event) => {
  const {ctx} = event.detail;
  const form = ctx.sourceElement;
  const intention = knownIntention(form);
  if (!intention?.inFlight) return;
  concludeRequest(form, ctx.response?.status, Number(ctx.response?.headers.get('Retry-After')));
  sendNext(form);
});
