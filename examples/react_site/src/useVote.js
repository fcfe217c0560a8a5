// One reader's vote on one thing: shown at once, sent 200 ms after the last click, at most every 500 ms,
// and taken back where the board refuses it.
import {useEffect, useRef, useState} from 'react';
import {castVote, Refusal} from './board.js';

const DEBOUNCE_DELAY = 200; // ms after the last click
const MIN_VOTE_INTERVAL = 500; // ms between the starts of two requests
const UNSURE = 'The board does not answer. Your vote may not have been saved.';

// `tally` is what the board said last. Returns the tally to show, a message, and a function that sets the vote.
export function useVote(tally) {
  const [confirmed, setConfirmed] = useState(tally);
  const [wanted, setWanted] = useState(tally.vote_type ?? 'none');
  const [message, setMessage] = useState('');
  const request = useRef({timer: null, inFlight: false, sent: null, earliest: 0, wanted}).current;
  const latest = useRef(confirmed);

  useEffect(() => {
    addEventListener('pagehide', sendAtOnce);
    return () => {
      removeEventListener('pagehide', sendAtOnce);
      sendAtOnce();
    };
  }, [request]);

  // Sends what is still wanted when the page is left or the buttons are removed.
  function sendAtOnce() {
    clearTimeout(request.timer);
    if (!request.inFlight) send();
    else if (request.wanted !== request.sent) castVote(tally.key, request.wanted).catch(() => {});
  }

  function schedule(delay) {
    clearTimeout(request.timer);
    request.timer = setTimeout(send, Math.max(delay, request.earliest - Date.now()));
  }

  async function send() {
    if (request.inFlight || request.wanted === (latest.current.vote_type ?? 'none')) return;
    const sent = request.wanted;
    Object.assign(request, {inFlight: true, sent, earliest: Date.now() + MIN_VOTE_INTERVAL});
    try {
      accept(await castVote(tally.key, sent));
    } catch (error) {
      if (request.wanted === sent) want(latest.current.vote_type ?? 'none');
      setMessage(error instanceof Refusal ? error.message : UNSURE);
      if (error.seconds) request.earliest = Date.now() + 1000 * error.seconds;
    } finally {
      request.inFlight = false;
    }
    if (request.wanted !== (latest.current.vote_type ?? 'none')) schedule(0); // clicked meanwhile
  }

  function accept(answer) {
    if (answer.version !== null && answer.version < latest.current.version) return;
    latest.current = {...latest.current, ...answer};
    setConfirmed(latest.current);
  }

  function want(vote) {
    request.wanted = vote;
    setWanted(vote);
  }

  function vote(choice) {
    setMessage('');
    want(choice === request.wanted ? 'none' : choice);
    schedule(DEBOUNCE_DELAY);
  }

  return {score: withVote(confirmed, wanted), vote: wanted, message, cast: vote};
}

// Returns the score as it will be with this vote; null while the board keeps it secret.
function withVote(tally, vote) {
  const weight = {up: 1, down: -1, none: 0};
  return tally.score === null ? null : tally.score - weight[tally.vote_type ?? 'none'] + weight[vote];
}
