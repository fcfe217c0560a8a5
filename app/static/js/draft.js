// Keeps what is typed into a form in this tab, until the server has processed the form: a lost connection,
// an error, a page that was left or an ended session cost nothing. Drafts are kept by account and by the
// form's address, so nobody else who signs in sees them; signing out removes them. Passwords are not kept.
const PREFIX = 'draft:';
// What the form was made from (app/web/form_marks.py), and its key: if the first copy did arrive, the server
// recognises the second.
const ORIGIN = ['key', 'revision', 'marks'];
const TEXTS = 'textarea[name], input[name]:not([type=hidden], [type=password], [type=checkbox])';

const accountOf = (form) => form.elements.account?.value ?? '';
// Not form.action: the moderation forms have buttons with that name.
const pathOf = (form) => new URL(form.getAttribute('action') ?? '', location).pathname;
const entryOf = (form) => `${PREFIX}${accountOf(form)}:${pathOf(form)}`;
const textsOf = (form) => Array.from(form.querySelectorAll(TEXTS));
const originOf = (form) => {
  const names = ORIGIN.filter((name) => form.elements[name]);
  return Object.fromEntries(names.map((name) => [name, form.elements[name].value]));
};

// Storage may be full, or switched off; then there is no draft.
function attempt(use) {
  try {
    return use(sessionStorage);
  } catch {
    return null;
  }
}

// Only what was changed is kept: what others save meanwhile stays in all other fields.
function keep(form) {
  const isKept = (text) => 'typed' in form.dataset || text.value !== text.defaultValue;
  const texts = textsOf(form).filter(isKept);
  if (!texts.length) {
    attempt((storage) => storage.removeItem(entryOf(form)));
    return;
  }
  const values = Object.fromEntries(texts.map((text) => [text.name, text.value]));
  const draft = {origin: originOf(form), values};
  attempt((storage) => storage.setItem(entryOf(form), JSON.stringify(draft)));
}

function restore(form) {
  const draft = JSON.parse(attempt((storage) => storage.getItem(entryOf(form))) ?? 'null');
  if (!draft) return;
  const fresh = originOf(form);
  // Without a mark nobody knows what the draft was made from, and the server says what has changed.
  const unknown = {...fresh, revision: '', marks: ''};
  // Earlier versions kept the key alone.
  fill(form, {...unknown, ...(draft.origin ?? {key: draft.key ?? fresh.key})}, (text) => draft.values[text.name] ?? text.value);
  form.closest('details')?.setAttribute('open', '');
  // After the form, so that nothing in it moves: the page may have been painted already.
  form.after(restoredNotice(() => {
    fill(form, fresh, (text) => text.defaultValue);
    keep(form);
  }));
}

function fill(form, origin, valueOf) {
  for (const name of ORIGIN) {
    if (form.elements[name]) form.elements[name].value = origin[name];
  }
  for (const text of textsOf(form)) {
    text.value = valueOf(text);
    text.dispatchEvent(new Event('input', {bubbles: true}));
  }
}

function restoredNotice(discard) {
  const notice = document.createElement('p');
  notice.className = 'notice';
  notice.setAttribute('role', 'status');
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button';
  button.textContent = 'Discard it';
  button.addEventListener('click', () => {
    discard();
    notice.remove();
  });
  notice.append('This is what you wrote here before. It has not been sent. ', button);
  return notice;
}

function removeDrafts(isMeant) {
  attempt((storage) => {
    const entries = Object.keys(storage).filter((entry) => entry.startsWith(PREFIX));
    entries.filter(isMeant).forEach((entry) => storage.removeItem(entry));
  });
}

for (const {dataset} of document.querySelectorAll('[data-done]')) {
  removeDrafts((entry) => entry.endsWith(`:${dataset.done}`));
}
for (const form of document.querySelectorAll('form[data-draft]')) {
  if ('typed' in form.dataset) keep(form); // the server gave back what was sent
  else restore(form);
}
addEventListener('input', ({target}) => target.form?.matches('[data-draft]') && keep(target.form));
addEventListener('submit', ({target}) => {
  if (target.matches('[data-draft]')) keep(target);
  else if (pathOf(target) === '/logout') removeDrafts(() => true);
});
