/**
 * Asks the registry for known advisories against what the product runs on, by the lock file of the working folder; those
 * from "high" on fail (security.md R9). Where nobody answers that (a mirror without advisories, no network) it says so
 * and ends with 3. Run by `npm run check`.
 */
import { spawnSync } from 'node:child_process';

const notAsked = 3;
const levels = ['high', 'critical'];
const options = ['--json', '--omit=dev', '--fetch-retries=0', '--fetch-timeout=20000'];

const { stdout } = spawnSync('npm', ['audit', ...options], { encoding: 'utf8' });
const report = JSON.parse(stdout || '{ "message": "npm said nothing" }');
if (!report.vulnerabilities) {
  process.stdout.write(`nobody has looked: ${report.message ?? report.error?.summary}\n`);
  process.exit(notAsked);
}
const found = Object.values(report.vulnerabilities).filter(({ severity }) => levels.includes(severity));
for (const { name, severity, range, via } of found) {
  const causes = via.map((cause) => (typeof cause === 'string' ? `by ${cause}` : `${cause.title} ${cause.url}`));
  process.stdout.write(`${name} ${range}: ${severity}; ${causes.join('; ')}\n`);
}
process.exitCode = found.length > 0 ? 1 : 0;
