// The vote button: optimistic, debounced and throttled by hx-trigger, rolled back when refused.
//
// A click is painted at once and noted as what the reader wants. hx-trigger's `submit delay` waits
// for the last click; that event sends nothing itself but is passed on as `vote`, which hx-trigger's
// `throttle` spaces. One request a widget is under way; its answer is the truth to return to.
(() => {
  const {find, truth, paint, say} = window.voteBox;
  const UNSURE = 'Your vote may not have been saved. Try again.';

  // form -> {want: what the reader wants, sent: what was last sent or confirmed,
  //          busy: a request is under way, answered: it brought a vote box, until: Retry-After}
  const intentions = new WeakMap();

  function intention(form) {
    if (!intentions.has(form)) {
      const vote = truth(form);
      intentions.set(form, {want: vote, sent: vote, busy: false, answered: true, until: 0});
    }
    return intentions.get(form);
  }

  const pending = (state) => state.want !== state.sent;

  function refuseEarly(form, state) {
    const seconds = Math.ceil((state.until - Date.now()) / 1000);
    if (seconds > 0) say(form, `You are voting too fast. Try again in ${seconds} s.`);
    return seconds > 0;
  }

  // In the capture phase: before htmx and its timers, and before the button's value changes.
  addEventListener('submit', (event) => {
    const form = event.target;
    if (!form.matches('form.vote') || !window.htmx || !event.submitter) return;
    event.preventDefault();
    const state = intention(form);
    if (refuseEarly(form, state)) {
      event.stopPropagation();
      return;
    }
    state.want = Number(event.submitter.value);
    say(form, '');
    paint(find(form), state.want);
  }, true);

  // A held Enter repeats the click; it is one wish.
  addEventListener('keydown', (event) => {
    if (event.repeat && event.target.closest?.('form.vote')) event.preventDefault();
  });

  addEventListener('htmx:config:request', (event) => {
    const {ctx} = event.detail;
    const form = ctx.sourceElement;
    const state = intentions.get(form);
    if (!state) return;
    if (state.busy || !pending(state)) {
      event.preventDefault();
    } else if (ctx.sourceEvent.type === 'submit') {
      event.preventDefault();
      window.htmx.trigger(form, 'vote');
    } else {
      state.busy = true;
      state.answered = false;
      state.sent = state.want;
      ctx.request.body.set('value', state.sent);
    }
  });

  addEventListener('htmx:before:swap', (event) => {
    const {ctx, tasks} = event.detail;
    const state = intentions.get(ctx.sourceElement);
    if (!state) return;
    const box = tasks[0]?.fragment.querySelector('.vote-box');
    state.answered = Boolean(box);
    if (!box) event.preventDefault(); // a stray page, not our fragment
    else if (pending(state)) paint(box, state.want); // a newer intention outlives an older answer
  });

  addEventListener('htmx:finally:request', (event) => {
    const {ctx} = event.detail;
    const form = ctx.sourceElement;
    const state = intentions.get(form);
    if (!state || !state.busy) return;
    const retryAfter = Number(ctx.response?.headers.get('Retry-After'));
    if (retryAfter) state.until = Date.now() + retryAfter * 1000;
    if (!pending(state) || refuseEarly(form, state)) state.want = truth(form);
    state.sent = truth(form);
    state.busy = false;
    paint(find(form), state.want);
    if (!state.answered) say(form, UNSURE);
    if (pending(state)) window.htmx.trigger(form, 'vote');
  });

  // Leaving inside the debounce or the throttle: send what is still wanted.
  function flush(form) {
    const state = intentions.get(form);
    if (!state || !pending(state)) return;
    state.sent = state.want;
    fetch(form.action, {
      method: 'POST',
      body: new URLSearchParams({value: state.sent}),
      headers: {'HX-Request': 'true'},
      keepalive: true,
    });
  }

  addEventListener('pagehide', () => document.querySelectorAll('form.vote').forEach(flush));
  addEventListener('htmx:before:cleanup', (event) => flush(event.target));
})();
