// Requests to the board that this module came from.
import {takeToken} from './upvote-token.js';

export const BOARD_ORIGIN = new URL(import.meta.url).origin;
const FIRST_PAUSE = 1000; // ms; a random part of up to as much is added, so that pages do not return together
const LONGEST_PAUSE = 30_000;

// Reads an address of the board. A token that is refused is asked for once more; if that is refused too, the
// answer is a visitor's.
export async function readBoard(path, signal) {
  let token;
  for (let tries = 0; ; tries += 1) {
    token = tries < 2 && (await takeToken(token));
    const response = await askBoard(path, token, {signal});
    if (response.status !== 401 || !token) return response;
  }
}

export function askBoard(path, token, options) {
  const headers = token ? {Authorization: `Bearer ${token}`} : {};
  return fetch(BOARD_ORIGIN + path, {credentials: 'omit', headers, ...options});
}

// The names of votes in the API: none, up and, at -1, down.
export const nameOf = (vote) => ['none', 'up', 'down'].at(vote);

// Returns the state of a vote box from an answer of the API.
export const stateOf = (answer) => ({...answer, vote: {up: 1, down: -1}[answer.vote_type] ?? 0});

export const secondsToWait = (response) => Number(response?.headers.get('Retry-After')) || 0;

// Calls `again` when it is time to try again, after so many failures in a row; returns that time
// (performance.now()).
export function tryLater(again, failures, response) {
  const shortest = Math.min(FIRST_PAUSE * 2 ** failures, LONGEST_PAUSE);
  const pause = Math.max(shortest, secondsToWait(response) * 1000) * (1 + Math.random());
  setTimeout(again, pause + 1);
  return performance.now() + pause;
}
