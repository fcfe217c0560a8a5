// The vote button: optimistic, debounced and throttled by hx-trigger, rolled back when refused.
//
// A click is painted at once and noted as what the reader wants. hx-trigger's `submit delay` waits
// for the last click; that event sends nothing itself but is passed on as `vote`, which hx-trigger's
// `throttle` spaces. One request a widget is under way. What the server says, in an answer or over
// the live stream, is the truth to return to; its version tells a stale word from a fresh one.
(() => {
  const {find, truth, version, learn, paint, say, fade} = window.voteBox;
  const {intention, known, pending} = window.voteIntention;
  const wait = window.voteWait;
  const UNSURE = 'Your vote may not have been saved.';
  const TOO_FAST = 'You are voting too fast.';
  const SIGN_IN = 'Sign in to vote.';
  const CLOSED = 'Votes cannot be taken for the moment.';

  // In the capture phase: before htmx and its timers, and before the button's value changes.
  addEventListener('submit', (event) => {
    const form = event.target;
    if (!form.matches('form.vote') || !window.htmx || !event.submitter) return;
    event.preventDefault();
    if (wait.seconds(form)) {
      event.stopPropagation();
      wait.explain(form);
      return;
    }
    const state = intention(form);
    state.want = Number(event.submitter.value);
    state.unsure = null;
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
    const state = known(form);
    if (!state) return;
    if (state.busy || !pending(state) || wait.seconds(form)) {
      event.preventDefault();
    } else if (ctx.sourceEvent.type === 'submit') {
      event.preventDefault();
      window.htmx.trigger(form, 'vote');
    } else {
      state.busy = true;
      state.failure = `${UNSURE} Try again.`;
      state.sent = state.want;
      ctx.request.body.set('value', state.sent);
    }
  });

  addEventListener('htmx:before:swap', (event) => {
    const {ctx, tasks} = event.detail;
    const form = ctx.sourceElement;
    const state = known(form);
    if (!state) return;
    const [box, reason] = ['.vote-box', 'p.error[role=alert]'].map((each) => tasks[0]?.fragment.querySelector(each));
    if (box) state.failure = '';
    else if (reason) state.failure = reason.textContent;
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
    const state = known(form);
    if (!state?.busy) return;
    const retryAfter = Number(ctx.response?.headers.get('Retry-After'));
    if (retryAfter) wait.start(form, retryAfter, ctx.response.status === 429 ? TOO_FAST : CLOSED);
    // Without an answer the live stream may know already that the vote was saved.
    state.unsure = state.failure && state.sent !== truth(form) ? state.sent : null;
    if (retryAfter || !pending(state)) state.want = truth(form);
    state.sent = truth(form);
    state.busy = false;
    paint(find(form), state.want);
    explain(form, state, ctx.response?.status, retryAfter);
    if (pending(state)) window.htmx.trigger(form, 'vote');
  });

  // Say why a vote was not taken; a vote box has brought its own words.
  function explain(form, state, status, retryAfter) {
    if (status === 401) {
      say(form, SIGN_IN); // the browser is on its way there
    } else if (state.unsure === null) {
      wait.countDown(form);
      fade(form);
    } else if (retryAfter) {
      wait.explain(form, UNSURE);
    } else {
      say(form, state.failure);
    }
  }

  // News from the live stream: {project_id, vote, version, upvotes, downvotes, score}.
  addEventListener('vote:news', ({detail}) => {
    const form = document.getElementById(`vote-${detail.project_id}`);
    if (!form || detail.version <= version(form)) return;
    learn(find(form), detail);
    const state = intention(form);
    if (state.unsure === detail.vote) say(form, '');
    if (!state.busy) {
      if (!pending(state)) state.want = detail.vote;
      state.sent = detail.vote;
    }
    paint(find(form), state.want);
  });
})();
