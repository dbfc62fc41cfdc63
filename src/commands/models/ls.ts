import {examples, text} from '../../cli/command.ts';
import Models from './index.ts';

/** The same as `berth models`, under the name that people try. */
export default class ModelsLs extends Models {
  static override summary = text((t) => t.models.help.list);
  static override examples = examples(['models ls', (t) => t.models.help.listExample]);
}
