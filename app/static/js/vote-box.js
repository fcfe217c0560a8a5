// The vote box is the score and the two buttons inside a vote form. Its data-* attributes hold the
// state that the server confirmed; its text and its buttons show the vote that the user wants.
import {compactNumber} from './compact-number.js';

export const allForms = () => document.querySelectorAll('form.vote');
export const findBox = (form) => form.querySelector('.vote-box');
export const confirmedVote = (form) => Number(findBox(form).dataset.vote);
export const confirmedVersion = (form) => Number(findBox(form).dataset.version);

// Stores a newer state from the server: {vote, version, upvotes, downvotes, score}.
export function applyServerState(box, state) {
  for (const name of ['vote', 'version', 'upvotes', 'downvotes']) box.dataset[name] = state[name];
  const score = box.querySelector('[data-score]');
  score.dataset.score = state.score;
  score.dataset.version = state.version;
}

// Shows `vote` as the user's vote, and announces the tally that is shown with it.
export function paint(box, vote) {
  const {upvotes, downvotes} = tallyWith(box, vote);
  box.querySelector('[data-score]').textContent = compactNumber(upvotes - downvotes);
  for (const button of box.querySelectorAll('button')) {
    const direction = Number(button.dataset.direction);
    const pressed = direction === vote;
    button.setAttribute('aria-pressed', String(pressed));
    button.value = pressed ? 0 : direction;
  }
  box.dispatchEvent(new CustomEvent('vote:painted', {bubbles: true, detail: {upvotes, downvotes}}));
}

// Returns the confirmed tally with the user's confirmed vote replaced by `vote`.
function tallyWith(box, vote) {
  const {vote: confirmed, upvotes, downvotes} = box.dataset;
  return {
    upvotes: Number(upvotes) - (confirmed === '1') + (vote === 1),
    downvotes: Number(downvotes) - (confirmed === '-1') + (vote === -1),
  };
}
