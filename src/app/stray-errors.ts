/**
 * What the code of a project starts and does not wait for may fail when nobody looks: a promise that nothing handles, a
 * throw in a timer. Node would end the process with a stack, by then with the files written.
 */

let told: ((error: unknown) => void) | undefined;

/** Hands over all errors of this process that nothing handles, from now on, in the place of whom they went to before. */
export function onStrayError(tell: (error: unknown) => void): void {
  if (told === undefined) {
    process.on('uncaughtException', (error) => told?.(error));
    process.on('unhandledRejection', (reason) => told?.(reason));
  }
  told = tell;
}

/** Waits until what is due now has run: handlers of promises, and timers of no length where there are any. */
export async function dueNow(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  if (process.getActiveResourcesInfo().includes('Timeout')) await new Promise((resolve) => setTimeout(resolve, 1));
}
