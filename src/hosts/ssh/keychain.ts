import {promisify} from 'node:util';
import ssh2 from 'ssh2';
import type {IdentityCallback, ParsedKey, SignCallback, SigningRequestOptions} from 'ssh2';
import {BerthError} from '../../base/errors.ts';
import type {Secret} from '../../base/secret.ts';
import {readIdentity, unlock, type Identity} from './identity.ts';
import {keyLocked, keyUnusable, passphraseWrong} from './problems.ts';
import type {Hop} from './route.ts';

/** Asks for the passphrase of a key file; undefined when nobody can be asked. */
export type AskPassphrase = (path: string) => Promise<Secret | undefined>;

export interface KeychainOptions {
  hop: Hop;
  env: NodeJS.ProcessEnv;
  askPassphrase: AskPassphrase;
}

/** A key that can be offered, and who can sign with it. */
interface Offer {
  publicKey: ParsedKey;
  /** For people: the file, or the comment of an agent's key. */
  label: string;
  sign: (data: Buffer, options: SigningRequestOptions) => Promise<Buffer>;
}

const AGENT_DEADLINE_MS = 5000;
const TRIES = 3;

type Agent = InstanceType<typeof ssh2.BaseAgent>;

/**
 * All keys for one login, as one agent: those that a real agent holds and those in files. A locked file is
 * unlocked only when the host has said that it would take the key, and then for the whole connection.
 */
export class Keychain extends ssh2.BaseAgent<ParsedKey> {
  readonly #options: KeychainOptions;
  #offers: Promise<readonly Offer[]> | undefined;
  #used: string | undefined;
  /** Why a key that the host would have taken could not be used. */
  problem: BerthError | undefined;

  constructor(options: KeychainOptions) {
    super();
    this.#options = options;
  }

  /** Label of the key that was signed with last. */
  get used(): string | undefined {
    return this.#used;
  }

  /** Labels of what is offered, in order. */
  async labels(): Promise<string[]> {
    return (await this.#collect()).map(({label}) => label);
  }

  override getIdentities(done: IdentityCallback<ParsedKey>): void {
    this.#collect().then(
      (offers) =>
        done(
          undefined,
          offers.map(({publicKey}) => publicKey),
        ),
      (error: unknown) => done(error as Error),
    );
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    const [how, tell] = typeof options === 'function' ? [{}, options] : [options, done];
    this.#sign(key, data, how).then(
      (signature) => tell?.(null, signature),
      (error: unknown) => {
        if (error instanceof BerthError) this.problem ??= error;
        tell?.(error as Error);
      },
    );
  }

  async #sign(key: ParsedKey, data: Buffer, options: SigningRequestOptions): Promise<Buffer> {
    const blob = key.getPublicSSH();
    const offer = (await this.#collect()).find(({publicKey}) => publicKey.getPublicSSH().equals(blob));
    if (!offer) throw new Error('asked to sign with a key that was not offered');
    const signature = await offer.sign(data, options);
    this.#used = offer.label;
    return signature;
  }

  #collect(): Promise<readonly Offer[]> {
    return (this.#offers ??= this.#read());
  }

  async #read(): Promise<readonly Offer[]> {
    const {hop} = this.#options;
    const [readings, held] = await Promise.all([
      Promise.all(hop.identityFiles.map(async (file) => ({file, reading: await readIdentity(file)}))),
      this.#heldByAgent(),
    ]);
    const identities: Identity[] = [];
    for (const {file, reading} of readings) {
      if (reading.found === 'key') identities.push(reading.identity);
      // Others may still do; the reason is told if none does.
      if (reading.found === 'unusable' && file.named) this.problem ??= keyUnusable(file.path, reading.why);
    }
    return orderOffers(identities, held, hop.identitiesOnly).map((choice) => {
      const {agentKey, identity} = choice;
      if (agentKey) return agentKey;
      return {
        publicKey: identity.publicKey,
        label: identity.path,
        sign: async (data, {hash}) => (await this.#open(identity)).sign(data, hash),
      };
    });
  }

  async #heldByAgent(): Promise<readonly Offer[]> {
    for (const path of this.#options.hop.agents) {
      const agent = ssh2.createAgent(path);
      const keys = await identitiesOf(agent);
      if (!keys) continue;
      return keys.map((publicKey) => ({
        publicKey,
        label: `agent: ${publicKey.comment || publicKey.type}`,
        sign: (data, options) => signWith(agent, publicKey, data, options),
      }));
    }
    return [];
  }

  async #open(identity: Identity): Promise<ParsedKey> {
    const {path, state} = identity;
    if (state.kind === 'open') return state.key;
    if (state.kind === 'public-only') throw keyLocked(path);
    const told = this.#options.env.BERTH_SSH_PASSPHRASE;
    for (let tries = 0; tries < TRIES; tries++) {
      const passphrase = told ?? (await this.#options.askPassphrase(path))?.reveal();
      if (passphrase === undefined) throw keyLocked(path);
      const key = unlock(state.text, passphrase);
      if (key) {
        identity.state = {kind: 'open', key};
        return key;
      }
      if (told !== undefined) break;
    }
    throw passphraseWrong(path);
  }
}

type Choice<A, I> = {agentKey: A; identity?: undefined} | {agentKey?: undefined; identity: I};
interface WithPublicKey {
  publicKey: Pick<ParsedKey, 'getPublicSSH'>;
}

/**
 * In which order keys are offered: sshd hangs up after a few wrong ones (MaxAuthTries, 6). Named files come first,
 * from the agent where it holds them, then the agent's other keys, then files with a default name.
 */
export function orderOffers<
  A extends WithPublicKey,
  I extends WithPublicKey & {named: boolean; state: {kind: string}},
>(identities: readonly I[], held: readonly A[], identitiesOnly: boolean): Choice<A, I>[] {
  const same = (a: WithPublicKey, b: WithPublicKey): boolean =>
    a.publicKey.getPublicSSH().equals(b.publicKey.getPublicSSH());
  const choose = (identity: I): Choice<A, I>[] => {
    const agentKey = held.find((candidate) => same(candidate, identity));
    if (agentKey) return [{agentKey}];
    return identity.state.kind === 'public-only' ? [] : [{identity}];
  };
  const others = held.filter((agentKey) => !identities.some((identity) => same(agentKey, identity)));
  return [
    ...identities.filter(({named}) => named).flatMap(choose),
    ...(identitiesOnly ? [] : others.map((agentKey) => ({agentKey}))),
    ...identities.filter(({named}) => !named).flatMap(choose),
  ];
}

/** Undefined when no agent answers there. */
async function identitiesOf(agent: Agent): Promise<ParsedKey[] | undefined> {
  const asked = promisify((done: IdentityCallback) => agent.getIdentities(done))();
  const slow = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), AGENT_DEADLINE_MS).unref();
  });
  const keys = await Promise.race([asked, slow]).catch(() => undefined);
  return keys?.flatMap((key) => {
    const parsed = ssh2.utils.parseKey(key as ParsedKey);
    return parsed instanceof Error ? [] : [parsed];
  });
}

const signWith = (
  agent: Agent,
  key: ParsedKey,
  data: Buffer,
  options: SigningRequestOptions,
): Promise<Buffer> => {
  const {promise, resolve, reject} = Promise.withResolvers<Buffer>();
  agent.sign(key, data, options, (error, signature) => {
    if (error) reject(error);
    else if (signature) resolve(signature);
    else reject(new Error('the agent gave no signature'));
  });
  return promise;
};
