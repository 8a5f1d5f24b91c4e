import { stateFigures } from '../db/registration-statistics.js';
import { keptIfMany } from './kept-figures.js';

/** Where all registrations stand. */
export const currentStates = keptIfMany(stateFigures, (figures) => figures.reduce((sum, { count }) => sum + count, 0));
