import type { PageContext } from './models.js';

interface AreaNavigationProps {
  page: PageContext;
  /** Whose words these are: `<words>.navigation`, and `<words>.areas.<key>` for each area. */
  words: 'account' | 'console';
  areas: { path: string; key: string }[];
  current: string;
}

/** The areas that somebody may see, the one they are in marked. */
export function AreaNavigation({ page: { t }, words, areas, current }: AreaNavigationProps) {
  return (
    <nav class="area-nav shell" aria-label={t(`${words}.navigation`)}>
      <ul>
        {areas.map(({ path, key }) => (
          <li key={key}>
            <a href={path} aria-current={key === current ? 'page' : undefined}>
              {t(`${words}.areas.${key}`)}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
