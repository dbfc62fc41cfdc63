/** The page's own program, as the browser gets it. It only ever sets text, never HTML. */
export const PAGE_SCRIPT = `
const texts = JSON.parse(document.getElementById('texts').textContent);
const $ = (id) => document.getElementById(id);
const KEY = 'berth-key';
let timer;

const show = (what) => { $('ask').hidden = what !== 'ask'; $('board').hidden = what !== 'board'; };
const complain = (text) => { $('problem').textContent = text; $('problem').hidden = text === ''; };
const span = (ms) => ms === undefined ? '–' : ms < 1000 ? ms.toFixed(ms < 10 ? 1 : 0) + ' ms' : (ms / 1000).toFixed(2) + ' s';
const uptime = (ms) => {
  const minutes = Math.floor(ms / 60000);
  const parts = [Math.floor(minutes / 1440) + ' d', Math.floor(minutes / 60) % 24 + ' h', minutes % 60 + ' min'];
  return minutes === 0 ? Math.floor(ms / 1000) + ' s' : parts.filter((part) => !part.startsWith('0 ')).join(' ');
};

const fill = ({status, model, release, stats}) => {
  const values = {
    model: model ?? '–', release: release ?? '–', uptime: uptime(stats.sinceMs),
    running: stats.running, queued: stats.queued, held: stats.held, ...stats.requests,
    promptTokens: stats.promptTokens, completionTokens: stats.completionTokens,
  };
  $('state').textContent = texts.states[status];
  $('state').className = status;
  for (const [id, value] of Object.entries(values)) $(id).textContent = typeof value === 'number' ? value.toLocaleString() : value;
  for (const [kind, quantiles] of Object.entries(stats.latency)) {
    const cells = $(kind).cells;
    ['count', 'p50', 'p90', 'p99', 'max'].forEach((name, at) => {
      cells[at + 1].textContent = name === 'count' ? quantiles.count.toLocaleString() : span(quantiles[name]);
    });
  }
};

const refresh = async () => {
  clearTimeout(timer);
  const key = sessionStorage.getItem(KEY);
  let next = 2000;
  try {
    const answer = await fetch('/api/state', {headers: key ? {authorization: 'Bearer ' + key} : {}, cache: 'no-store'});
    if (answer.status === 401) {
      sessionStorage.removeItem(KEY);
      complain(key ? texts.wrongKey : '');
      show('ask');
      $('key').focus();
      return;
    }
    fill(await answer.json());
    complain('');
    show('board');
    $('forget').hidden = !key;
  } catch {
    complain(texts.unreachable);
    next = 5000;
  }
  timer = setTimeout(refresh, next);
};

$('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, $('key').value.trim());
  $('key').value = '';
  refresh();
});
$('forget').addEventListener('click', () => { sessionStorage.removeItem(KEY); refresh(); });
document.addEventListener('visibilitychange', () => document.hidden ? clearTimeout(timer) : refresh());
refresh();
`;
