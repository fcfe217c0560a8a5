// A page that is left, hidden or come back to: nothing wanted is lost, and nothing old is shown.
(() => {
  const {find, truth, paint} = window.voteBox;
  const {intention, known, pending} = window.voteIntention;
  const wait = window.voteWait;
  const forms = () => document.querySelectorAll('form.vote');

  // Leaving inside the debounce or the throttle: send what is still wanted.
  function flush(form) {
    const state = known(form);
    if (!state || !pending(state) || wait.seconds(form)) return;
    state.sent = state.want;
    fetch(form.action, {
      method: 'POST',
      body: new URLSearchParams({value: state.sent}),
      headers: {'HX-Request': 'true'},
      keepalive: true,
    }).catch(() => {}); // nobody is there to be told; who comes back sees what was confirmed
  }

  // A phone may end a hidden page without another word: nothing wanted waits for a last click there.
  function hurry(form) {
    const state = known(form);
    if (state && pending(state)) window.htmx.trigger(form, 'vote');
  }

  document.addEventListener('visibilitychange', () => document.hidden && forms().forEach(hurry));
  addEventListener('pagehide', () => forms().forEach(flush));
  addEventListener('htmx:before:cleanup', (event) => flush(event.target));

  // A page that comes back from the browser's cache shows what was confirmed, then what is new. What
  // was wanted is not wanted any more: it was sent when the page was left, while its timers stood still.
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    for (const form of forms()) {
      const state = intention(form);
      if (!state.busy) state.want = state.sent = truth(form);
      paint(find(form), state.want);
    }
  });
})();
