/** What a program needs of its surroundings. Everything else in the caller's environment stays with the caller. */
const KEPT =
  /^(PATH|HOME|USER|LOGNAME|LANG|LC_[A-Z]+|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|USERPROFILE|LD_LIBRARY_PATH|(HTTPS?|NO|ALL)_PROXY|NODE_EXTRA_CA_CERTS|NODE_COMPILE_CACHE|CUDA_VISIBLE_DEVICES|XDG_[A-Z_]+|BERTH_.+)$/i;
/** A client's credentials are not the service's business. */
const CREDENTIAL = /KEY|TOKEN|SECRET|PASSWORD/i;

/** The small, clean environment that the supervisor and its programs run with. */
export function cleanEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && KEPT.test(entry[0]) && !CREDENTIAL.test(entry[0]),
    ),
  );
}
