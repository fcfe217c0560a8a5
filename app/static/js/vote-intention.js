// What the reader wants of each vote form, and what of that the server has been told.
window.voteIntention = (() => {
  const {truth} = window.voteBox;

  // form -> {want: what the reader wants, sent: what was last sent or confirmed,
  //          busy: a request is under way, failure: what to say where it brings no vote box,
  //          unsure: what was sent and got no answer}
  const intentions = new WeakMap();

  function intention(form) {
    if (!intentions.has(form)) {
      const vote = truth(form);
      intentions.set(form, {want: vote, sent: vote, busy: false, failure: '', unsure: null});
    }
    return intentions.get(form);
  }

  // Nothing for a form that nobody has touched, and for what is no vote form.
  const known = (form) => intentions.get(form);
  const pending = (state) => state.want !== state.sent;

  return {intention, known, pending};
})();
