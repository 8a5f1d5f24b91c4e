import { z } from 'zod';
import type { ProviderMetadata } from '../metadata.js';

/** The list is uploaded apart and lies in a table: there is nothing to set. */
const configGuard = z.strictObject({});

export type CsvFileConfig = z.infer<typeof configGuard>;

const metadata: ProviderMetadata = { id: 'csv-file', fields: [] };

export const csvFileSettings = { metadata, configGuard };
