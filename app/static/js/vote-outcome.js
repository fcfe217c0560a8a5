// Decides what becomes of a vote when its request has ended. The confirmed state is the one to return to: a
// vote that was not taken is rolled back to it, while a newer intention stays on the screen.
import {applyServerState, confirmedVersion, confirmedVote, findBox, paint, tallyWith} from './vote-box.js';
import {isPending, knownIntention} from './vote-intention.js';
import {clearMessageLater, showMessage} from './vote-message.js';
import {countDown, showWait, startWait} from './retry-after.js';

export const UNSURE = 'Your vote may not have been saved.';
export const SIGN_IN = 'Sign in to vote.';
const TOO_FAST = 'You are voting too fast.';
const UNAVAILABLE = 'Voting is not available right now.';

// Notes that the wanted vote is being sent.
export function beginRequest(intention) {
  intention.inFlight = true;
  intention.failure = `${UNSURE} Try again.`;
  intention.sent = intention.wanted;
}

// Confirms or rolls back the vote that was sent. The status is undefined if no answer came, and
// `retryAfter` is the number of seconds for which the server asks to wait, or 0.
export function concludeRequest(owner, status, retryAfter) {
  const intention = knownIntention(owner);
  if (retryAfter) startWait(owner, retryAfter, status === 429 ? TOO_FAST : UNAVAILABLE);
  confirmOrRollBack(owner, intention, retryAfter);
  showOutcome(owner, intention, status, retryAfter);
  if (!intention.overtaken) return;
  intention.overtaken = false;
  owner.dispatchEvent(new CustomEvent('vote:overtaken', {bubbles: true}));
}

function confirmOrRollBack(owner, intention, retryAfter) {
  const confirmed = confirmedVote(owner);
  // The live stream can confirm a vote whose answer was lost.
  intention.unsure = intention.failure && intention.sent !== confirmed ? intention.sent : null;
  if (retryAfter || !isPending(intention)) intention.wanted = confirmed;
  intention.sent = confirmed;
  intention.inFlight = false;
  paint(findBox(owner), intention.wanted);
}

// Explains a vote that was not taken. An answer with a state has brought its own message.
function showOutcome(owner, intention, status, retryAfter) {
  if (status === 401) {
    showMessage(owner, SIGN_IN);
  } else if (intention.unsure === null) {
    countDown(owner);
    clearMessageLater(owner);
  } else if (retryAfter) {
    showWait(owner, UNSURE);
  } else {
    showMessage(owner, intention.failure);
  }
}

// Confirms the vote of an answer without a tally, and keeps the tally that is shown.
export function takeOnlyVote(owner, vote) {
  const box = findBox(owner);
  applyServerState(box, {...tallyWith(box, vote), vote, version: confirmedVersion(owner)});
}
