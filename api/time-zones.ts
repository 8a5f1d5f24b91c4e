/** IANA names that this Node.js knows; UTC is one of them, which not every version lists. */
const timeZones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((name) => name !== 'UTC')];
const known = new Set(timeZones);

export const isTimeZone = (name: string): boolean => known.has(name);

/** The listed name of a zone, for zones have several and browsers differ: "Asia/Kolkata" is "Asia/Calcutta". */
export function canonicalTimeZone(name: string): string | undefined {
  if (known.has(name)) return name;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    return known.has(timeZone) ? timeZone : undefined;
  } catch {
    return undefined;
  }
}

export interface TimeZoneGroup {
  /** "Europe"; none for UTC. */
  region?: string;
  /** Name and what to call it under its region: "America/Argentina/Buenos_Aires", "Argentina – Buenos Aires". */
  zones: [name: string, label: string][];
}

/** All time zones by region, each in the order of the alphabet. */
export const timeZoneGroups: TimeZoneGroup[] = groups();

function groups(): TimeZoneGroup[] {
  const byRegion = new Map<string | undefined, TimeZoneGroup['zones']>();
  for (const name of timeZones) {
    const [first = '', ...rest] = name.split('/');
    const region = rest.length > 0 ? first : undefined;
    const label = (rest.length > 0 ? rest : [first]).join(' – ').replaceAll('_', ' ');
    byRegion.set(region, [...(byRegion.get(region) ?? []), [name, label]]);
  }
  return [...byRegion].map(([region, zones]) => ({ zones, ...(region ? { region } : {}) }));
}
