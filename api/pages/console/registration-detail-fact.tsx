import type { ComponentChildren } from 'preact';

/** One line of a `<dl class="record-facts">`. */
export const Fact = ({ label, children }: { label: string; children: ComponentChildren }) => (
  <div>
    <dt>{label}</dt>
    <dd>{children}</dd>
  </div>
);
