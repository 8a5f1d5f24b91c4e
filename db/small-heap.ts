/**
 * Imported before all else. Lets V8 collect garbage when the heap has grown by a fifth of what is alive, not by several times
 * that: a process under load is some 40 MB smaller, for no time that can be measured (docs/decisions/021). Not a limit: what is
 * needed is still given. Set here because NODE_OPTIONS does not take it.
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--heap-growing-percent=20');
