// Shows a button that copies a text of the page, where the browser can do that.
for (const button of document.querySelectorAll('[data-copy]')) {
  button.toggleAttribute('data-ready', Boolean(navigator.clipboard));
  button.addEventListener('click', async () => {
    const status = button.parentElement.querySelector('[role=status]');
    try {
      await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
      status.textContent = 'Copied';
    } catch {
      status.textContent = 'Select the text and copy it';
    }
  });
}
