export interface QrModel {
  /** Modules a side, the quiet zone included. */
  size: number;
  /** SVG path of the dark modules. */
  path: string;
}

/** Black on white whatever the scheme, for no camera reads it the other way round; the quiet zone is part of it. */
export const QrCode = ({ label, qr }: { label: string; qr: QrModel }) => (
  <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${qr.size} ${qr.size}`} shape-rendering="crispEdges">
    <rect width={qr.size} height={qr.size} fill="#fff" />
    <path d={qr.path} fill="#000" />
  </svg>
);
