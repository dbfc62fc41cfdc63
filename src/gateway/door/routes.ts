import {unknownUrl, wrongMethod} from '../http/api-error.ts';
import type {Operation} from '../requests/prepare.ts';

/** What a URL asks for. */
export type Wanted =
  | {want: 'page'; route: '/'}
  | {want: 'health'; route: '/health'}
  | {want: 'metrics'; route: '/metrics'}
  | {want: 'state'; route: '/api/state'}
  | {want: 'models'; route: '/v1/models'}
  | {want: 'model'; route: '/v1/models/{id}'; id: string}
  | {want: 'forward'; route: string; operation: Operation};

const POST: Record<string, Operation> = {
  '/v1/chat/completions': 'chat',
  '/v1/completions': 'completion',
  '/tokenize': 'tokenize',
  '/detokenize': 'detokenize',
};

const GET: Record<string, Wanted> = {
  '/': {want: 'page', route: '/'},
  '/health': {want: 'health', route: '/health'},
  '/metrics': {want: 'metrics', route: '/metrics'},
  '/api/state': {want: 'state', route: '/api/state'},
  '/v1/models': {want: 'models', route: '/v1/models'},
};

const MODEL = '/v1/models/';

/** Throws 404 or 405 in OpenAI's shape. Engines' other paths, their admin endpoints among them, do not exist here. */
export function findRoute(method: string, url: string): Wanted {
  const path = url.split('?', 1)[0] ?? '/';
  const operation = Object.hasOwn(POST, path) ? POST[path] : undefined;
  if (operation) {
    if (method !== 'POST') throw wrongMethod(method, path);
    return {want: 'forward', route: path, operation};
  }
  const wanted: Wanted | undefined = Object.hasOwn(GET, path) ? GET[path] : modelRoute(path);
  if (!wanted) throw unknownUrl(method, path);
  if (method !== 'GET' && method !== 'HEAD') throw wrongMethod(method, path);
  return wanted;
}

function modelRoute(path: string): Wanted | undefined {
  if (!path.startsWith(MODEL) || path.length === MODEL.length) return undefined;
  try {
    return {want: 'model', route: '/v1/models/{id}', id: decodeURIComponent(path.slice(MODEL.length))};
  } catch {
    // A broken percent escape: no model has such a name.
    return undefined;
  }
}
