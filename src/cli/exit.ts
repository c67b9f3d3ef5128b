/**
 * Exit codes: 0 fine, 1 error, 2 differs. `gate` says its verdict: 0 pass, 2 fail, 3 inconclusive.
 */
export const EXIT = { fine: 0, error: 1, differs: 2 } as const;
