const longestCode = 100;

/**
 * Whether anybody can have this code, which a visitor typed. "." and ".." would change the path of a URL; NUL and lone
 * surrogates can be neither sent nor searched for.
 */
export const isAskable = (code: string): boolean =>
  code.length <= longestCode && /[\p{L}\p{N}]/u.test(code) && !/[\p{Cc}\p{Cs}]/u.test(code);
