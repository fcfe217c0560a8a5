// The site's own server: builds and serves the page, signs readers in (here by a name alone), and does
// the two things that the board needs: `publish` and `token`. README.md beside this folder starts it.
import {createHmac} from 'node:crypto';
import {createServer} from 'node:http';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';

const {BOARD = 'http://127.0.0.1:8000', PORT = '8001', BOARD_TOKEN, HANDOVER_KEY = ''} = process.env;
const [keyId, key] = HANDOVER_KEY.split(':');
const articles = {
  'article-ferry': 'A ferry every ten minutes',
  'article-baths': 'Baths on the old quay',
};

// Makes an article known to the board, or changes its title there; the same again changes nothing.
async function publish(name, title) {
  const answer = await fetch(`${BOARD}/api/projects/by-key/${name}`, {
    method: 'PUT',
    headers: {Authorization: `Bearer ${BOARD_TOKEN}`, 'Content-Type': 'application/json'},
    body: JSON.stringify({title}),
    signal: AbortSignal.timeout(10_000),
  });
  if (!answer.ok) throw new Error(`the board answers ${answer.status}: ${await answer.text()}`);
}

// Returns a JSON Web Token that tells the board who is reading, for five minutes.
function token(reader) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const claims = {sub: reader, name: reader, aud: BOARD, iat: now, exp: now + 300};
  const signed = `${encode({alg: 'HS256', typ: 'JWT', kid: keyId})}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

const {outputFiles: [script]} = await build({
  entryPoints: [fileURLToPath(new URL('src/main.jsx', import.meta.url))],
  bundle: true,
  write: false,
  jsx: 'automatic',
  format: 'esm',
  define: {BOARD: JSON.stringify(BOARD), ARTICLES: JSON.stringify(articles)},
});
const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>The Harbour Paper</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root { color-scheme: light dark; } body { max-width: 40rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }</style>
<div id="root"></div><script type="module" src="/app.js"></script></html>`;

const readerOf = (request) => decodeURIComponent(/(?:^|; )reader=([^;]*)/.exec(request.headers.cookie)?.[1] ?? '');
const routes = {
  '/': (_, answer) => answer.setHeader('Content-Type', 'text/html; charset=utf-8').end(page),
  '/app.js': (_, answer) => answer.setHeader('Content-Type', 'text/javascript').end(script.text),
  '/token': (request, answer) => {
    const reader = readerOf(request);
    answer.setHeader('Content-Type', 'application/json').setHeader('Cache-Control', 'no-store');
    answer.end(JSON.stringify({token: reader ? token(reader) : null}));
  },
  // A real site asks for more than a name, and signs this cookie.
  '/sign-in': (request, answer) => {
    const name = new URL(request.url, 'http://site').searchParams.get('name') ?? '';
    const cookie = `reader=${encodeURIComponent(name.slice(0, 60))}; HttpOnly; SameSite=Strict; Path=/`;
    answer.writeHead(303, {Location: '/', 'Set-Cookie': cookie}).end();
  },
};

for (const [name, title] of Object.entries(articles)) await publish(name, title);
createServer((request, answer) => {
  const route = routes[request.url.split('?')[0]];
  if (route) route(request, answer);
  else answer.writeHead(404).end();
}).listen(Number(PORT), '127.0.0.1', () => console.log(`http://127.0.0.1:${PORT}`));
