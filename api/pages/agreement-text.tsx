/** The plain text of an agreement as headings and paragraphs; nothing in it is taken as markup. */
export function AgreementText({ body, heading: Heading }: { body: string; heading: 'h2' | 'h3' }) {
  const blocks = body.split(/\r?\n/).reduce<string[][]>(
    (all, line) => {
      if (line.trim() === '') all.push([]);
      else if (line.startsWith('## ')) all.push([line], []);
      else all.at(-1)?.push(line);
      return all;
    },
    [[]],
  );
  return (
    <>
      {blocks
        .filter((lines) => lines.length > 0)
        .map((lines, index) => {
          const text = lines.join(' ');
          return text.startsWith('## ') ? (
            <Heading key={`${index}-heading`}>{text.slice(3)}</Heading>
          ) : (
            <p key={`${index}-text`}>{text}</p>
          );
        })}
    </>
  );
}
