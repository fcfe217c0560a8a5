// What a vote box shows: the server's truth plus the reader's intention.
window.voteBox = (() => {
  const find = (form) => form.querySelector('.vote-box');

  // As app/web/formatting.py's compact(): 999, 1.2k, 12k, 1.2M, and a true minus sign.
  function compact(number) {
    const size = Math.abs(number);
    let text = String(size);
    for (const [unit, letter] of [[1e6, 'M'], [1e3, 'k']]) {
      if (size >= unit) {
        const tenths = Math.floor(size * 10 / unit) / 10;
        text = (tenths < 10 ? tenths.toFixed(1).replace('.0', '') : Math.floor(tenths)) + letter;
        break;
      }
    }
    return number < 0 ? '\u2212' + text : text;
  }

  function truth(form) {
    return Number(find(form).dataset.vote);
  }

  function version(form) {
    return Number(find(form).dataset.version);
  }

  // Take over a newer state of the server: {vote, version, upvotes, downvotes, score}.
  function learn(box, news) {
    for (const name of ['vote', 'version', 'upvotes', 'downvotes']) box.dataset[name] = news[name];
    const score = box.querySelector('[data-score]');
    score.dataset.score = news.score;
    score.dataset.version = news.version;
  }

  // The tally of the server, with `want` in the place of this reader's vote.
  function tally(box, want) {
    const {vote, upvotes, downvotes} = box.dataset;
    return {
      upvotes: Number(upvotes) - (vote === '1') + (want === 1),
      downvotes: Number(downvotes) - (vote === '-1') + (want === -1),
    };
  }

  // Show `want` as this reader's vote. The attributes data-* stay the server's.
  function paint(box, want) {
    const {upvotes, downvotes} = tally(box, want);
    box.querySelector('[data-score]').textContent = compact(upvotes - downvotes);
    for (const button of box.querySelectorAll('button')) {
      const direction = Number(button.dataset.direction);
      const pressed = direction === want;
      button.setAttribute('aria-pressed', String(pressed));
      button.value = pressed ? 0 : direction;
    }
    box.dispatchEvent(new CustomEvent('vote:painted', {bubbles: true, detail: {upvotes, downvotes}}));
  }

  const READ = 10_000; // ms that a message stays: it lies over the text beside the widget

  function say(form, message) {
    find(form).querySelector('[role=status]').textContent = message;
    fade(form);
  }

  // Take away what is said now once it can have been read.
  function fade(form) {
    const status = find(form).querySelector('[role=status]');
    const said = status.textContent;
    if (said) setTimeout(() => status.textContent === said && (status.textContent = ''), READ);
  }

  return {find, truth, version, learn, paint, say, fade};
})();
