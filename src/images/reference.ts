const DEFAULT_REGISTRY = 'docker.io';
/** Registries with mirrors whose own first label names them: `docker.mirror.example`, `ghcr.mirror.example`. */
const FIRST_LABELS: Readonly<Record<string, string>> = {'docker.io': 'docker', 'ghcr.io': 'ghcr'};

export interface ImageReference {
  /** `docker.io`, `ghcr.io`, `localhost:5000`. */
  registry: string;
  /** `library/debian`. */
  repository: string;
  tag?: string;
  /** `sha256:...`. */
  digest?: string;
}

/** Reads what people write after `docker pull`: no registry means docker.io. */
export function parseReference(text: string): ImageReference {
  const [named = '', digest] = text.split('@');
  const slash = named.indexOf('/');
  const first = slash === -1 ? '' : named.slice(0, slash);
  const hasRegistry = /[.:]/.test(first) || first === 'localhost';
  const path = hasRegistry ? named.slice(slash + 1) : named;
  const colon = path.indexOf(':');
  const repository = colon === -1 ? path : path.slice(0, colon);
  const registry = hasRegistry ? first : DEFAULT_REGISTRY;
  return {
    registry,
    repository:
      registry === DEFAULT_REGISTRY && !repository.includes('/') ? `library/${repository}` : repository,
    ...(colon !== -1 && {tag: path.slice(colon + 1)}),
    ...(digest !== undefined && {digest}),
  };
}

export const formatReference = ({registry, repository, tag, digest}: ImageReference): string =>
  `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;

/**
 * The same image at a mirror. A prefix whose first label names a registry (`docker.mirror.example`) stands in
 * for that registry, and its sibling (`ghcr.mirror.example`) for the other; any other prefix is put before the
 * whole name (`mirror.example/docker.io/library/debian`).
 */
export function atMirror(reference: ImageReference, prefix: string): ImageReference {
  const [host = '', ...path] = prefix.replace(/\/+$/, '').split('/');
  const [label = '', ...rest] = host.split('.');
  const wanted = FIRST_LABELS[reference.registry];
  if (rest.length > 0 && wanted !== undefined && Object.values(FIRST_LABELS).includes(label)) {
    return {
      ...reference,
      registry: [wanted, ...rest].join('.'),
      repository: [...path, reference.repository].join('/'),
    };
  }
  return {
    ...reference,
    registry: host,
    repository: [...path, reference.registry, reference.repository].join('/'),
  };
}
