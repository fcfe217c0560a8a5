// The board's settings that an <upvote-button> obeys. The server puts its own values here when it puts the
// modules together for other sites (app/web/button_module.py).
export const DEBOUNCE_DELAY = 200; // ms
export const MIN_VOTE_INTERVAL = 500; // ms
export const BUTTON_TIME = 10_000; // ms
