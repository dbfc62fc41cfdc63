import type {Secret} from '../base/secret.ts';
import type {Say} from '../base/texts/index.ts';

/** A person who can be asked. Both answer undefined where there is nobody: no terminal. */
export interface Asking {
  /** What is typed is not shown. */
  secret(question: Say): Promise<Secret | undefined>;
  confirm(question: Say): Promise<boolean | undefined>;
}
