// Takes the server's answer to a vote. The confirmed state is the one to return to: a vote that was not
// taken is rolled back to it, while a newer intention stays on the screen and is sent next.
import {applyServerState, confirmedVersion, confirmedVote, findBox, isSecret, paint, tallyWith} from './vote-box.js';
import {isPending, knownIntention} from './vote-intention.js';
import {clearMessageLater, showMessage, statusElement} from './vote-message.js';
import {sendThrottled, UNSURE} from './vote-request.js';
import {countDown, showWait, startWait} from './retry-after.js';

const TOO_FAST = 'You are voting too fast.';
const SIGN_IN = 'Sign in to vote.';
const CLOSED = 'Voting is not available right now.';

addEventListener('htmx:before:swap', (event) => {
  const {ctx, tasks} = event.detail;
  const form = ctx.sourceElement;
  const intention = knownIntention(form);
  if (!intention) return;
  const [box, error] = ['.vote-box', 'p.error[role=alert]'].map((each) => tasks[0]?.fragment.querySelector(each));
  if (box) intention.failureMessage = '';
  else if (error) intention.failureMessage = error.textContent;
  if (box?.dataset.votesLeft) {
    dispatchEvent(new CustomEvent('vote:left', {detail: {left: box.dataset.votesLeft}}));
  }
  const down = form.querySelector('.vote-down:focus');
  if (down && box && !box.querySelector('.vote-down')) form.querySelector('.vote-up').focus();
  if (!box) {
    event.preventDefault(); // the answer is another page, such as a login page
  } else if (isSecret(box) && !isSecret(findBox(form))) {
    event.preventDefault(); // secrecy begins or has just ended: the live stream says which
    takeOnlyVote(form, box);
  } else if (Number(box.dataset.version) < confirmedVersion(form)) {
    event.preventDefault(); // the live stream has already brought a newer state
    statusElement(findBox(form)).replaceChildren(...statusElement(box).childNodes);
  } else if (isPending(intention)) {
    paint(box, intention.wanted); // the user has clicked again since this vote was sent
  }
});

// Confirms the vote of an answer without a tally, and keeps the tally that is shown.
function takeOnlyVote(form, answer) {
  const [box, vote] = [findBox(form), Number(answer.dataset.vote)];
  const {upvotes, downvotes} = tallyWith(box, vote);
  applyServerState(box, {vote, upvotes, downvotes, score: upvotes - downvotes, version: confirmedVersion(form)});
  statusElement(box).replaceChildren(...statusElement(answer).childNodes);
}

addEventListener('htmx:finally:request', (event) => {
  const {ctx} = event.detail;
  const form = ctx.sourceElement;
  const intention = knownIntention(form);
  if (!intention?.inFlight) return;
  const retryAfter = Number(ctx.response?.headers.get('Retry-After'));
  if (retryAfter) startWait(form, retryAfter, ctx.response.status === 429 ? TOO_FAST : CLOSED);
  confirmOrRollBack(form, intention, retryAfter);
  showOutcome(form, intention, ctx.response?.status, retryAfter);
  if (isPending(intention)) sendThrottled(form);
  if (!intention.overtaken) return;
  intention.overtaken = false;
  form.dispatchEvent(new CustomEvent('vote:overtaken', {bubbles: true}));
});

function confirmOrRollBack(form, intention, retryAfter) {
  const confirmed = confirmedVote(form);
  // The live stream can confirm a vote whose answer was lost.
  intention.unsure = intention.failureMessage && intention.sent !== confirmed ? intention.sent : null;
  if (retryAfter || !isPending(intention)) intention.wanted = confirmed;
  intention.sent = confirmed;
  intention.inFlight = false;
  paint(findBox(form), intention.wanted);
}

// Explains a vote that was not taken. An answer with a vote box has brought its own message.
function showOutcome(form, intention, status, retryAfter) {
  if (status === 401) {
    showMessage(form, SIGN_IN); // the browser is about to open the login page
  } else if (intention.unsure === null) {
    countDown(form);
    clearMessageLater(form);
  } else if (retryAfter) {
    showWait(form, UNSURE);
  } else {
    showMessage(form, intention.failureMessage);
  }
}
