import {useVote} from './useVote.js';

// The vote buttons of one thing. `tally` is its state as the board gave it, `title` what is voted on.
export function VoteButtons({tally, title, signedIn}) {
  const {score, vote, message, cast} = useVote(tally);
  const button = (choice, label, symbol) => (
    <button
      type="button"
      aria-pressed={vote === choice}
      aria-label={`${label}: ${title}`}
      disabled={tally.closed || !signedIn}
      onClick={() => cast(choice)}
    >
      {symbol}
    </button>
  );
  return (
    <div>
      {button('up', 'Upvote', '▲')} <b>{score ?? '–'}</b> {button('down', 'Downvote', '▼')}
      <p role="status">{message}</p>
    </div>
  );
}
