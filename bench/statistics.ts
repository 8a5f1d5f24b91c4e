/** The value below which this share (0 to 1) of the values lies; undefined without values. */
export function percentile(values: number[], share: number): number | undefined {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];
}

export const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The value that occurs most often. */
export function mostFrequent<Value>(values: Value[]): Value | undefined {
  const count = (wanted: Value) => values.filter((value) => value === wanted).length;
  return [...values].sort((one, other) => count(other) - count(one))[0];
}
