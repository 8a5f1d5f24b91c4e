import test from 'ava';
import { browserName } from '../../api/browser-name.js';

const named = test.macro<[string, string | null]>({
  exec: (t, userAgent: string, name: string | null) => t.is(browserName(userAgent), name),
  title: (_, userAgent, name) => `"${userAgent.slice(-40)}" is called ${name}`,
});

const windows = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)';
const webKit = 'AppleWebKit/537.36 (KHTML, like Gecko)';
test(named, `${windows.replace(')', '; rv:140.0)')} Gecko/20100101 Firefox/140.0`, 'Firefox, Windows');
test(named, `${windows} ${webKit} Chrome/143.0.0.0 Safari/537.36`, 'Chrome, Windows');
test(named, `${windows} ${webKit} Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0`, 'Edge, Windows');
test(named, `Mozilla/5.0 (X11; Linux x86_64) ${webKit} Chrome/143.0.0.0 Safari/537.36 OPR/120.0`, 'Opera, Linux');
test(
  named,
  'Mozilla/5.0 (Linux; Android 16; SM-S921B) AppleWebKit/537.36 SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36',
  'Samsung Internet, Android',
);
test(
  named,
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
  'Safari, macOS',
);
test(
  named,
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/143.0 Mobile/15E148 Safari/604.1',
  'Chrome, iPhone',
);
test(named, 'curl/8.5.0', null);
test(named, '', null);
test(named, `<script>alert(1)</script>${'Firefox'.repeat(5_000)}`, null);
