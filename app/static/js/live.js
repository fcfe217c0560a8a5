// Everyone's votes: one stream of server-sent events for the projects on this page.
// A hidden page has none; when it is seen again, the stream's snapshot brings it up to date.
(() => {
  const RETRY = 2000; // ms, and up to as much again, so that pages do not all come back at once
  let source = null;
  let timer = null;

  function open() {
    clearTimeout(timer);
    const ids = Array.from(document.querySelectorAll('form.vote'), (form) => form.id.slice('vote-'.length));
    if (source || document.hidden || !ids.length) return;
    source = new EventSource(`/live?projects=${ids.join(',')}`);
    source.addEventListener('message', (message) => {
      for (const detail of JSON.parse(message.data)) dispatchEvent(new CustomEvent('vote:news', {detail}));
    });
    source.addEventListener('error', () => {
      if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      close();
      timer = setTimeout(open, RETRY * (1 + Math.random()));
    });
  }

  function close() {
    source?.close();
    source = null;
  }

  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()));
  addEventListener('pagehide', close);
  addEventListener('pageshow', open);
})();
