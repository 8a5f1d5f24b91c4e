import type { ComponentChildren } from 'preact';
import type { RegistrationProblem } from '../../machines/registration.js';
import type { PageContext } from './models.js';

/** Written out so that the compiler names this file when the machine learns a new problem. */
const problems: Record<RegistrationProblem, true> = {
  mailRefused: true,
  mailServerUnavailable: true,
  partnerCodeInvalid: true,
  providerUnavailable: true,
  providerMisconfigured: true,
  onboardingClosed: true,
  agreementOutdated: true,
  userTypeInvalid: true,
  invitationVoid: true,
  creationFailed: true,
};

/** A page that is told to wait without being told how long still says something true. */
const fallbackSeconds = 60;

export function Notice({ kind, children }: { kind: 'error' | 'success' | 'info'; children: ComponentChildren }) {
  return (
    <div class={`notice notice-${kind}`} role={kind === 'error' ? 'alert' : undefined}>
      {children}
    </div>
  );
}

export function FormError({ page, error, seconds }: { page: PageContext; error?: string; seconds?: number }) {
  return error ? (
    <Notice kind="error">
      <p>{errorText(page, error, seconds)}</p>
    </Notice>
  ) : null;
}

/** The words of a request's error or of a machine's problem. */
export function errorText({ t }: PageContext, code: string, seconds = fallbackSeconds): string {
  return code in problems ? t(`problems.${code}`) : t(`errors.${code}`, { seconds });
}
