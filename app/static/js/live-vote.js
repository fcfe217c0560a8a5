// Takes one message of the live stream: {project_id, vote, version, upvotes, downvotes, score}. While
// tallies are secret it has {project_id, vote, secret: true}, and nothing tells older from newer: it is sent
// when the reader's own vote changes, and when secrecy begins.
import {applyServerState, confirmedVersion, findBox, isSecret, paint} from './vote-box.js';
import {intentionOf, isPending} from './vote-intention.js';
import {showMessage} from './vote-message.js';

// A pending intention stays wanted: the message changes only what is confirmed.
export function applyLiveVote(message) {
  const form = document.getElementById(`vote-${message.project_id}`);
  if (!form) return;
  const isOrdered = !message.secret && !isSecret(findBox(form));
  if (isOrdered && message.version <= confirmedVersion(form)) return;
  applyServerState(findBox(form), message);
  const intention = intentionOf(form);
  if (!isOrdered && intention.inFlight && message.vote !== intention.sent) intention.overtaken = true;
  if (intention.unsure === message.vote) showMessage(form, ''); // the vote was saved after all
  if (!intention.inFlight) {
    if (!isPending(intention)) intention.wanted = message.vote;
    intention.sent = message.vote;
  }
  paint(findBox(form), intention.wanted);
}
