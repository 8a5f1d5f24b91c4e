/** Loaded by AVA before each test file: what a failed hook has left running must not keep the file from ending. */
import { registerCompletionHandler } from 'ava';

registerCompletionHandler(() => process.exit());
