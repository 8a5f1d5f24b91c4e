import { encodeQR } from 'qr';
import type { QrModel } from './pages/qr-code.js';

/** Modules of white around it, as readers want it. */
const quietZone = 4;

/** Runs of dark modules, row by row. */
export function drawQr(text: string): QrModel {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: quietZone });
  const path = rows.flatMap((row, y) =>
    [
      ...row
        .map((dark) => (dark ? '#' : ' '))
        .join('')
        .matchAll(/#+/g),
    ].map(({ index, 0: run }) => `M${index} ${y}h${run.length}v1h-${run.length}z`),
  );
  return { size: rows.length, path: path.join('') };
}
