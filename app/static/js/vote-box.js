// The vote box is the score and the two buttons inside a vote form, or inside an <upvote-button> on another
// site. Its data-* attributes hold the state that the server confirmed; its text and its buttons show the
// vote that the user wants. While tallies are secret, it has data-secret: its numbers are 0, and none is shown.
import {compactNumber} from './compact-number.js';

export const findBox = (owner) => owner.querySelector('.vote-box');
export const confirmedVote = (owner) => Number(findBox(owner).dataset.vote);
export const confirmedVersion = (owner) => Number(findBox(owner).dataset.version);
export const isSecret = (box) => 'secret' in box.dataset;

// Stores a newer state from the server: {vote, version, upvotes, downvotes, score}, or with `secret` only
// {vote}.
export function applyServerState(box, state) {
  if (!state.secret === isSecret(box)) changeSecrecy(box, state.secret);
  box.dataset.vote = state.vote;
  for (const name of ['version', 'upvotes', 'downvotes']) box.dataset[name] = state[name] ?? 0;
  const score = box.querySelector('[data-score]');
  score.dataset.score = state.score ?? 0;
  score.dataset.version = state.version ?? 0;
}

function changeSecrecy(box, secret) {
  box.toggleAttribute('data-secret');
  box.querySelector('.vote-score-label').textContent = secret ? 'Score: hidden for now' : 'Score: ';
  const score = box.querySelector('[data-score]');
  score.ariaHidden = secret || null;
}

// Shows `vote` as the user's vote, and announces the tally that is shown with it (null: it is secret).
export function paint(box, vote) {
  const tally = isSecret(box) ? null : tallyWith(box, vote);
  box.querySelector('[data-score]').textContent = tally ? compactNumber(tally.score) : '–';
  for (const button of box.querySelectorAll('button')) {
    const direction = Number(button.dataset.direction);
    const pressed = direction === vote;
    button.setAttribute('aria-pressed', pressed);
    button.value = pressed ? 0 : direction;
  }
  box.dispatchEvent(new CustomEvent('vote:painted', {bubbles: true, detail: tally}));
}

// Returns the confirmed tally with the user's confirmed vote replaced by `vote`.
export function tallyWith(box, vote) {
  const {dataset} = box;
  // The subtraction makes numbers of the texts.
  const upvotes = dataset.upvotes - (dataset.vote === '1') + (vote === 1);
  const downvotes = dataset.downvotes - (dataset.vote === '-1') + (vote === -1);
  return {upvotes, downvotes, score: upvotes - downvotes};
}
