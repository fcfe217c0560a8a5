// The board's JSON API, as far as the vote buttons need it. docs/api.md describes it.
/* global BOARD */

// What the board answers to a vote that it refuses: the reason, and after how many seconds to try again.
export class Refusal extends Error {
  constructor(message, seconds) {
    super(message);
    this.seconds = seconds;
  }
}

// Asks the site who is reading: a token, or null for a visitor. A token is used until a minute before its end.
let current = {token: null, until: 0};

async function readToken() {
  if (Date.now() < current.until) return current.token;
  const {token} = await (await fetch('/token')).json();
  const until = token ? 1000 * JSON.parse(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/'))).exp : 0;
  current = {token, until: until - 60_000};
  return token;
}

async function ask(path, options = {}) {
  const token = await readToken();
  const headers = token ? {Authorization: `Bearer ${token}`} : {};
  const answer = await fetch(BOARD + path, {headers, keepalive: true, signal: AbortSignal.timeout(10_000), ...options});
  const body = await answer.json();
  if (!answer.ok) throw new Refusal(body.message, Number(answer.headers.get('Retry-After')) || 0);
  return body;
}

// Returns the tallies of the keys, each with the reader's own vote, by key.
export async function readTallies(keys) {
  const {tallies} = await ask(`/api/tallies?keys=${keys.join()}`);
  return Object.fromEntries(tallies.map((tally) => [tally.key, tally]));
}

// Sets the reader's vote: 'up', 'down' or 'none'. The same vote again changes nothing.
export const castVote = (key, vote) =>
  ask('/api/votes', {method: 'POST', body: JSON.stringify({key, vote_type: vote})});

export const isReader = async () => (await readToken()) !== null;
