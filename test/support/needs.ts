/**
 * Says whether a test can run here. What is missing is said aloud, and where everything is demanded
 * (CI=true) it is a failure, so that no check is skipped in silence.
 */
export function needs(present: boolean, what: string): boolean {
  if (present) return true;
  if (process.env.CI === 'true') throw new Error(`${what} is missing, and CI demands it`);
  console.log(`skipped: ${what} is missing`);
  return false;
}
