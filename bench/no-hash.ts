/** What `api-without-hash` stores for a password; the bench looks for it, to be sure of what it has measured. */
export const noHash = '$argon2id$none';
