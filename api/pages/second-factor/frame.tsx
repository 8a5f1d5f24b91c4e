import type { ComponentChildren } from 'preact';
import type { Realm } from '../../second-factor/realm.js';
import { AccountFrame } from '../account/frame.js';
import { ConsoleFrame } from '../console/frame.js';
import type { PageContext } from '../models.js';

interface FrameProps {
  page: PageContext;
  realm: Realm;
  title: string;
  lead?: string;
  done?: string;
  error?: string;
  seconds?: number;
  scripts?: string[];
  children: ComponentChildren;
}

/** The same pages in the account of a user and in the Console. */
export const FactorFrame = ({ realm, ...props }: FrameProps) =>
  realm.name === 'user' ? (
    <AccountFrame area="secondFactor" {...props} />
  ) : (
    <ConsoleFrame area="secondFactor" {...props} />
  );
