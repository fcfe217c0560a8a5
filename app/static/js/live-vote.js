// Takes one state from the live stream: {vote, version, upvotes, downvotes, score}. While tallies are
// secret it has {vote, secret: true}, and nothing tells older from newer: it is sent when the reader's own
// vote changes, and when secrecy begins.
import {applyServerState, confirmedVersion, findBox, isSecret, paint} from './vote-box.js';
import {intentionOf, isPending} from './vote-intention.js';
import {showMessage} from './vote-message.js';

// A pending intention stays wanted: the state changes only what is confirmed.
export function applyLiveVote(owner, state) {
  const isOrdered = !state.secret && !isSecret(findBox(owner));
  if (isOrdered && state.version <= confirmedVersion(owner)) return;
  applyServerState(findBox(owner), state);
  const intention = intentionOf(owner);
  if (!isOrdered && intention.inFlight && state.vote !== intention.sent) intention.overtaken = true;
  if (intention.unsure === state.vote) showMessage(owner, ''); // the vote was saved after all
  if (!intention.inFlight) {
    if (!isPending(intention)) intention.wanted = state.vote;
    intention.sent = state.vote;
  }
  paint(findBox(owner), intention.wanted);
}
