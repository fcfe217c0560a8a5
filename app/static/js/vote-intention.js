// The intention of a vote button is the vote that the user wants, and how much of it has reached the server:
//   wanted          the vote that the user wants
//   sent            the vote that was sent last, or confirmed since
//   inFlight        whether a request is waiting for its answer
//   failure         the message to show if the answer brings no state
//   unsure          the vote that was sent without getting an answer, or null
//   overtaken       whether another vote was confirmed meanwhile that may be newer than the answer
// Its owner is a vote form of the board, or the shadow root of an <upvote-button> on another site: the
// modules for both take either, since both hold a vote box.
import {confirmedVote, findBox, paint} from './vote-box.js';
import {secondsLeft} from './retry-after.js';

const intentions = new WeakMap(); // owner -> intention

export function intentionOf(owner) {
  if (!intentions.has(owner)) {
    const vote = confirmedVote(owner);
    intentions.set(owner, {
      wanted: vote, sent: vote, inFlight: false, failure: '', unsure: null, overtaken: false,
    });
  }
  return intentions.get(owner);
}

// Returns undefined for a button that has not been used, and for any other element.
export const knownIntention = (owner) => intentions.get(owner);

// For a button that has got another key or another reader.
export const forgetIntention = (owner) => intentions.delete(owner);

export const isPending = (intention) => intention.wanted !== intention.sent;

// Returns whether a vote waits that may be sent now, for a page that is left or hidden.
export function isWaiting(owner) {
  const intention = knownIntention(owner);
  return intention && isPending(intention) && !secondsLeft(owner);
}

// Drops what is still wanted on a page that comes back from the browser's cache: it was sent when the page
// was left, and the live stream brings its result.
export function returnToConfirmed(owner) {
  const intention = intentionOf(owner);
  if (!intention.inFlight) intention.wanted = intention.sent = confirmedVote(owner);
  paint(findBox(owner), intention.wanted);
}
