type Fields = Record<string, unknown>;

/** What a change made different, for the audit log; undefined when it made nothing different. */
export function differences(before: Fields, after: Fields): { before: Fields; after: Fields } | undefined {
  const changed = Object.keys(after).filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  const pick = (fields: Fields) => Object.fromEntries(changed.map((key) => [key, fields[key] ?? null]));
  return changed.length > 0 ? { before: pick(before), after: pick(after) } : undefined;
}
