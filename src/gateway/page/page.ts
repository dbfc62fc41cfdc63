import {createHash} from 'node:crypto';
import {languageOf, textsFor, type Language, type Texts} from '../../base/texts/index.ts';
import type {Headers} from '../http/reply.ts';
import {PAGE_SCRIPT} from './script.ts';
import {PAGE_STYLE} from './style.ts';

/** The page for this request: `?lang=` wins over Accept-Language. It holds no data; its program asks for that. */
export function pageFor(url: string, acceptLanguage: string | undefined): {headers: Headers; html: string} {
  const asked = new URLSearchParams(url.split('?')[1]).get('lang');
  const language = languageOf(asked ?? acceptLanguage);
  return {headers: HEADERS, html: render(language, textsFor(language).gateway.page)};
}

const source = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing but its own two blocks and its own data may load, and no other page may frame it. */
const HEADERS: Headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    `default-src 'none'; script-src ${source(PAGE_SCRIPT)}; style-src ${source(PAGE_STYLE)}; img-src data:; ` +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

function render(language: Language, t: Texts['gateway']['page']): string {
  const other = language === 'en' ? {code: 'zh-CN', name: '中文'} : {code: 'en', name: 'English'};
  const fact = (id: string, label: string, wide = false): string =>
    `<div${wide ? ' class="wide"' : ''}><dt>${label}</dt><dd id="${id}">–</dd></div>`;
  const row = (id: string, label: string): string =>
    `<tr id="${id}"><th scope="row">${label}</th>${'<td>–</td>'.repeat(5)}</tr>`;
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${t.title}</title>
<link rel="icon" href="data:,">
<style>${PAGE_STYLE}</style>
</head>
<body>
<header><h1>${t.title}</h1><nav><a href="?lang=${other.code}" lang="${other.code}">${other.name}</a></nav></header>
<p id="problem" role="alert" hidden></p>
<form id="ask" hidden>
<label for="key">${t.askKey}</label>
<input id="key" type="password" autocomplete="off" spellcheck="false" required>
<p>${t.keyHint}</p>
<button>${t.show}</button>
</form>
<main id="board" hidden>
<dl>${fact('state', t.state, true)}${fact('model', t.model, true)}${fact('release', t.release)}${fact('uptime', t.uptime)}</dl>
<h2>${t.requests}</h2>
<dl>${(['running', 'queued', 'held', 'ok', 'clientError', 'serverError', 'cancelled'] as const)
    .map((name) => fact(name, t[name]))
    .join('')}</dl>
<h2>${t.tokens}</h2>
<dl>${fact('promptTokens', t.promptTokens)}${fact('completionTokens', t.completionTokens)}</dl>
<h2>${t.latency}</h2>
<div class="scroll"><table>
<thead><tr><th></th><th scope="col">${t.count}</th><th scope="col">p50</th><th scope="col">p90</th><th scope="col">p99</th><th scope="col">max</th></tr></thead>
<tbody>${row('ttft', t.ttft)}${row('tpot', t.tpot)}${row('e2e', t.e2e)}</tbody>
</table></div>
<button id="forget" hidden>${t.forget}</button>
</main>
<script type="application/json" id="texts">${JSON.stringify({states: t.states, wrongKey: t.wrongKey, unreachable: t.unreachable})}</script>
<script type="module">${PAGE_SCRIPT}</script>
</body>
</html>
`;
}
