/* global ARTICLES */
import {useEffect, useState} from 'react';
import {createRoot} from 'react-dom/client';
import {isReader, readTallies} from './board.js';
import {VoteButtons} from './VoteButtons.jsx';

function App() {
  const [state, setState] = useState(null);
  useEffect(() => {
    Promise.all([isReader(), readTallies(Object.keys(ARTICLES))]).then(
      ([signedIn, tallies]) => setState({signedIn, tallies}),
      () => setState({signedIn: false, tallies: {}}), // the articles are there without votes
    );
  }, []);
  return (
    <main>
      <h1>The Harbour Paper</h1>
      {state && !state.signedIn && (
        <form action="/sign-in">
          <label>Name <input name="name" required maxLength={60} /></label> <button>Sign in to vote</button>
        </form>
      )}
      {Object.entries(ARTICLES).map(([key, title]) => (
        <article key={key}>
          <h2>{title}</h2>
          {state?.tallies[key] && <VoteButtons tally={state.tallies[key]} title={title} signedIn={state.signedIn} />}
        </article>
      ))}
    </main>
  );
}

createRoot(document.getElementById('root')).render(<App />);
