// The vote forms of a page of the board. An <upvote-button> on another site has none.
export const allForms = () => document.querySelectorAll('form.vote');
