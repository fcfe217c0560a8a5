// What a vote box shows: the server's truth plus the reader's intention.
window.voteBox = (() => {
  const find = (form) => form.querySelector('.vote-box');

  // As app/web/ages.py's compact(): 999, 1.2k, 12k, 1.2M, and a true minus sign.
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

  // Take over a newer state of the server: {score, version, vote}.
  function learn(box, news) {
    box.dataset.vote = news.vote;
    box.dataset.version = news.version;
    const score = box.querySelector('[data-score]');
    score.dataset.score = news.score;
    score.dataset.version = news.version;
  }

  // Show `want` as this reader's vote. The attributes data-vote and data-score stay the server's.
  function paint(box, want) {
    const score = box.querySelector('[data-score]');
    score.textContent = compact(Number(score.dataset.score) - Number(box.dataset.vote) + want);
    for (const button of box.querySelectorAll('button')) {
      const direction = Number(button.dataset.direction);
      const pressed = direction === want;
      button.setAttribute('aria-pressed', String(pressed));
      button.value = pressed ? 0 : direction;
    }
  }

  const READ = 10_000; // ms that a message stays: it lies over the text beside the widget

  function say(form, message) {
    const status = find(form).querySelector('[role=status]');
    status.textContent = message;
    if (message) setTimeout(() => status.textContent === message && (status.textContent = ''), READ);
  }

  return {find, truth, version, learn, paint, say};
})();
