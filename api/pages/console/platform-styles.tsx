/** What only the pages of API keys and webhooks need. */
export const PlatformStyles = () => <link rel="stylesheet" href="/assets/console-platform.css" />;
