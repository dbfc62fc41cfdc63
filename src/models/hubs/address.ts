/** The address of a path below an endpoint; each part of the path is written so that it stays one part. */
export function under(endpoint: string, path: string): URL {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return new URL(`${endpoint.replace(/\/+$/, '')}/${encoded}`);
}
