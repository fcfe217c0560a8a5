// The intention of a form is the vote that the user wants, and how much of it has reached the server:
//   wanted          the vote that the user wants
//   sent            the vote that was sent last, or confirmed since
//   inFlight        whether a request is waiting for its answer
//   failureMessage  the message to show if the answer brings no vote box
//   unsure          the vote that was sent without getting an answer, or null
//   overtaken       whether another vote was confirmed meanwhile that may be newer than the answer
import {confirmedVote} from './vote-box.js';

const intentions = new WeakMap(); // form -> intention

export function intentionOf(form) {
  if (!intentions.has(form)) {
    const vote = confirmedVote(form);
    intentions.set(form, {
      wanted: vote, sent: vote, inFlight: false, failureMessage: '', unsure: null, overtaken: false,
    });
  }
  return intentions.get(form);
}

// Returns undefined for a vote form that has not been used, and for any other element.
export const knownIntention = (form) => intentions.get(form);

export const isPending = (intention) => intention.wanted !== intention.sent;
