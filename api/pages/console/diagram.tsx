/** What only pages with charts need. */
export const ChartStyles = () => <link rel="stylesheet" href="/assets/console-charts.css" />;

/** A drawing that is wider than a phone: it scrolls within its own frame, by keyboard too. */
export const Diagram = ({ svg, label, id = 'diagram' }: { svg: string; label: string; id?: string }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: without the focus nobody could scroll it by keyboard
  <section class="scroll-box" aria-label={label} tabIndex={0}>
    {/* Drawn by the server from the machine; what it is labelled with is escaped there. */}
    <div id={id} data-live dangerouslySetInnerHTML={{ __html: svg }} />
  </section>
);
