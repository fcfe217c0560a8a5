// The vote button: optimistic, debounced and throttled by hx-trigger, rolled back when refused.
//
// A click is painted at once and noted as what the reader wants. hx-trigger's `submit delay` waits
// for the last click; that event sends nothing itself but is passed on as `vote`, which hx-trigger's
// `throttle` spaces. One request a widget is under way. What the server says, in an answer or over
// the live stream, is the truth to return to; its version tells a stale word from a fresh one.
(() => {
  const {find, truth, version, learn, paint, say} = window.voteBox;
  const wait = window.voteWait;
  const UNSURE = 'Your vote may not have been saved.';
  const TOO_FAST = 'You are voting too fast.';

  // form -> {want: what the reader wants, sent: what was last sent or confirmed,
  //          busy: a request is under way, answered: it brought a vote box}
  const intentions = new WeakMap();

  function intention(form) {
    if (!intentions.has(form)) {
      const vote = truth(form);
      intentions.set(form, {want: vote, sent: vote, busy: false, answered: true});
    }
    return intentions.get(form);
  }

  const pending = (state) => state.want !== state.sent;

  // In the capture phase: before htmx and its timers, and before the button's value changes.
  addEventListener('submit', (event) => {
    const form = event.target;
    if (!form.matches('form.vote') || !window.htmx || !event.submitter) return;
    event.preventDefault();
    if (wait.seconds(form)) {
      event.stopPropagation();
      wait.explain(form, TOO_FAST);
      return;
    }
    const state = intention(form);
    state.want = Number(event.submitter.value);
    say(form, '');
    paint(find(form), state.want);
  }, true);

  // A held Enter repeats the click; it is one wish.
  addEventListener('keydown', (event) => {
    if (event.repeat && event.key === 'Enter' && event.target.closest?.('form.vote')) event.preventDefault();
  });

  addEventListener('htmx:config:request', (event) => {
    const {ctx} = event.detail;
    const form = ctx.sourceElement;
    const state = intentions.get(form);
    if (!state) return;
    if (state.busy || !pending(state) || wait.seconds(form)) {
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
    const form = ctx.sourceElement;
    const state = intentions.get(form);
    if (!state) return;
    const box = tasks[0]?.fragment.querySelector('.vote-box');
    state.answered = Boolean(box);
    if (!box) {
      event.preventDefault(); // a stray page, not our fragment
    } else if (Number(box.dataset.version) < version(form)) {
      event.preventDefault(); // the live stream was quicker and knows more
      const [shown, said] = [find(form), box].map((each) => each.querySelector('[role=status]'));
      shown.replaceChildren(...said.childNodes); // the same node: a live region stays where it is
    } else if (pending(state)) {
      paint(box, state.want); // a newer intention outlives an older answer
    }
  });

  addEventListener('htmx:finally:request', (event) => {
    const {ctx} = event.detail;
    const form = ctx.sourceElement;
    const state = intentions.get(form);
    if (!state?.busy) return;
    const retryAfter = Number(ctx.response?.headers.get('Retry-After'));
    if (retryAfter) wait.start(form, retryAfter);
    if (retryAfter || !pending(state)) state.want = truth(form);
    state.sent = truth(form);
    state.busy = false;
    paint(find(form), state.want);
    if (state.answered) wait.countDown(form);
    else if (retryAfter) wait.explain(form, UNSURE);
    else say(form, `${UNSURE} Try again.`);
    if (pending(state)) window.htmx.trigger(form, 'vote');
  });

  // News from the live stream: {project_id, score, version, vote}.
  addEventListener('vote:news', ({detail}) => {
    const form = document.getElementById(`vote-${detail.project_id}`);
    if (!form || detail.version <= version(form)) return;
    learn(find(form), detail);
    const state = intention(form);
    if (!state.busy) {
      if (!pending(state)) state.want = detail.vote;
      state.sent = detail.vote;
    }
    paint(find(form), state.want);
  });

  // Leaving inside the debounce or the throttle: send what is still wanted.
  function flush(form) {
    const state = intentions.get(form);
    if (!state || !pending(state) || wait.seconds(form)) return;
    state.sent = state.want;
    fetch(form.action, {
      method: 'POST',
      body: new URLSearchParams({value: state.sent}),
      headers: {'HX-Request': 'true'},
      keepalive: true,
    });
  }

  // A page that comes back from the browser's cache shows what was confirmed, then what is new.
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll('form.vote')) {
      intentions.delete(form);
      paint(find(form), truth(form));
    }
  });

  addEventListener('pagehide', () => document.querySelectorAll('form.vote').forEach(flush));
  addEventListener('htmx:before:cleanup', (event) => flush(event.target));
})();
