// The wait after a refusal: nothing is sent before Retry-After has passed, and the seconds count down.
window.voteWait = (() => {
  const {find, say} = window.voteBox;
  const waits = new WeakMap(); // form -> {end: by Date.now(), why}

  const seconds = (form) => Math.max(0, Math.ceil(((waits.get(form)?.end ?? 0) - Date.now()) / 1000));

  // Only the number changes each second, and it is no live region: nobody is told ten times.
  function countDown(form) {
    const left = seconds(form);
    const number = find(form).querySelector('.vote-wait');
    if (!number || !waits.has(form)) return;
    if (left > 0) {
      number.textContent = left;
      setTimeout(countDown, 250, form);
    } else {
      say(form, '');
    }
  }

  // Say the text, or why one has to wait, and for how long.
  function explain(form, text = waits.get(form).why) {
    say(form, `${text} Try again in `);
    const number = document.createElement('span');
    number.className = 'vote-wait';
    number.setAttribute('aria-live', 'off');
    number.textContent = seconds(form);
    find(form).querySelector('[role=status]').append(number, ' s.');
    countDown(form);
  }

  function start(form, retryAfter, why) {
    waits.set(form, {end: Date.now() + retryAfter * 1000, why});
  }

  return {seconds, start, explain, countDown};
})();
