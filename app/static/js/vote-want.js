// Takes a click on a vote button: the vote is painted at once, and stored as the one that the user wants.
import {findBox, paint} from './vote-box.js';
import {intentionOf} from './vote-intention.js';
import {showMessage} from './vote-message.js';
import {secondsLeft, showWait} from './retry-after.js';

// Returns false if the server has asked to wait; the message then says for how long.
export function wantVote(owner, vote) {
  if (secondsLeft(owner)) {
    showWait(owner);
    return false;
  }
  const intention = intentionOf(owner);
  intention.wanted = vote;
  intention.unsure = null;
  showMessage(owner, '');
  paint(findBox(owner), vote);
  return true;
}

// A held Enter key repeats the click, but the user wants it only once.
export function ignoreRepeatedEnter(event) {
  if (event.repeat && event.key === 'Enter') event.preventDefault();
}
