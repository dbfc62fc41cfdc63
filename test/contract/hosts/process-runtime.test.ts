import {describeRuntime} from './describe-runtime.ts';
import {processWorld} from './world.ts';

describeRuntime('the process runtime', processWorld);
