/** What people read about each state of a registration, in the Temporal UI, the Console and the diagram. */
export interface StateMeta {
  title: string;
  /** For support, in the Temporal UI and the Console: what it waits for, and what one can do. */
  waitsFor: string;
  advice: string;
}

export const about = {
  sendingActivation: {
    title: 'Sending the activation mail',
    waitsFor: 'the mail server',
    advice: 'Nothing to do: it is retried for a minute, then shown as undeliverable.',
  },
  awaitingProof: {
    title: 'Waiting for the person to open the activation link',
    waitsFor: 'the person',
    advice:
      'If the mail did not arrive, the person enters the same e-mail again and gets a fresh link; the Console can send one, too, or correct the address.',
  },
  awaitingDetails: {
    title: 'Waiting for the registration page to be completed',
    waitsFor: 'the person',
    advice: 'The typed answers are kept. A fresh link is mailed when the person enters the same e-mail again.',
  },
  mailUndeliverable: {
    title: 'The activation mail could not be delivered',
    waitsFor: 'the mail server, or an operator',
    advice:
      'Send RETRY when the mail server works again. When the address is wrong, correct it in the Console, or CANCEL.',
  },
  resolvingPartner: {
    title: 'Looking up the partner by the code',
    waitsFor: 'the Partner Provider',
    advice: 'Nothing to do: it is retried for a minute, then parked. Nothing the person typed is lost.',
  },
  lookupParked: {
    title: 'The partner could not be looked up',
    waitsFor: 'the Partner Provider, or an operator',
    advice:
      'It retries by itself with growing pauses. When the provider works again, send RETRY, here or for all in the Console; or assign a partner in the Console; or CANCEL.',
  },
  awaitingApproval: {
    title: 'Waiting for approval',
    waitsFor: 'an operator',
    advice: 'Look at what the person entered in the Console, then approve or decline it there.',
  },
  creatingAccount: {
    title: 'Creating the account',
    waitsFor: 'the database',
    advice: 'Nothing to do: it is retried, then shown as blocked.',
  },
  creationBlocked: {
    title: 'The account could not be created',
    waitsFor: 'an operator',
    advice: 'Check the default user type and the database, then send RETRY. It also retries by itself.',
  },
  completed: { title: 'Account created', waitsFor: 'nothing', advice: 'The person can log in.' },
  alreadyRegistered: {
    title: 'The e-mail has an account already',
    waitsFor: 'nothing',
    advice: 'The person was told by mail and can log in.',
  },
  expired: {
    title: 'Ended: nobody finished it in time',
    waitsFor: 'nothing',
    advice: 'The person can start again with the same e-mail.',
  },
  declined: {
    title: 'Ended: declined by an operator',
    waitsFor: 'nothing',
    advice: 'The person was told by mail. They can start again with the same e-mail.',
  },
  cancelled: {
    title: 'Ended: cancelled',
    waitsFor: 'nothing',
    advice: 'The person can start again with the same e-mail.',
  },
} satisfies Record<string, StateMeta>;
