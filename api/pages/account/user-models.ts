import type { FieldErrors } from '../models.js';

/** A user of the organisation, as its administrators see them; moments in ISO 8601. */
export interface UserModel {
  id: string;
  givenName: string;
  familyName: string;
  email: string;
  phone?: string;
  userTypeId: string;
  userType: string;
  permissions: string[];
  disabled: boolean;
  disabledByStaff: boolean;
  createdAt: string;
  /** Absent: never logged in. */
  lastSeenAt?: string;
  hasSessions: boolean;
  isLastAdministrator: boolean;
}

export interface UsersModel {
  users: UserModel[];
  /** What was searched for. */
  search: string;
  /** Id of the user after whom the next page begins. */
  next?: string;
  /** This is not the first page. */
  later: boolean;
  /** Whoever looks at the page. */
  ownId: string;
  done?: string;
}

export interface UserTypeModel {
  id: string;
  name: string;
  permissions: string[];
}

export interface UserPageModel {
  user: UserModel;
  /** What may be given. */
  types: UserTypeModel[];
  isSelf: boolean;
  isOutOfReach: boolean;
  errors: FieldErrors;
  error?: string;
  done?: string;
}
