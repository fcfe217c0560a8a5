// The wait after a refusal: nothing is sent before Retry-After has passed, and the seconds count down.
window.voteWait = (() => {
  const {find, say} = window.voteBox;
  const ends = new WeakMap(); // form -> when the wait is over, by Date.now()

  const seconds = (form) => Math.max(0, Math.ceil(((ends.get(form) ?? 0) - Date.now()) / 1000));

  // Only the number changes each second, and it is no live region: nobody is told ten times.
  function countDown(form) {
    const left = seconds(form);
    const number = find(form).querySelector('.vote-wait');
    if (!number || ends.get(form) === undefined) return;
    if (left > 0) {
      number.textContent = left;
      setTimeout(countDown, 250, form);
    } else {
      say(form, '');
    }
  }

  // Say the text and how long to wait.
  function explain(form, text) {
    say(form, `${text} Try again in `);
    const number = document.createElement('span');
    number.className = 'vote-wait';
    number.setAttribute('aria-live', 'off');
    number.textContent = seconds(form);
    find(form).querySelector('[role=status]').append(number, ' s.');
    countDown(form);
  }

  function start(form, retryAfter) {
    ends.set(form, Date.now() + retryAfter * 1000);
  }

  return {seconds, start, explain, countDown};
})();
