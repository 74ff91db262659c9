/** Takes what must not be read out of a text that people or logs will see. */
export type Redactor = (text: string) => string;

const MASK = "***";

/** `scheme://user:password@host`: the password, whatever the scheme. */
const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^/\s:@?#]*):[^/\s?#]*@/giu;
/** A token as user name: `https://ghp_…@host` has no colon and is a secret all the same. */
const URL_TOKEN = /(https?:\/\/)[^/\s:@?#]{16,}@/giu;
const QUERY_SECRET =
  /([?&](?:[\w-]*(?:token|secret|password|passwd|signature|credential|api[-_]?key|access[-_]?key)[\w-]*)=)[^&\s"']+/giu;
const AUTHORIZATION = /\b(bearer|basic)\s+[a-z0-9+/._~=-]{8,}/giu;

/**
 * A redactor for URL passwords, secret query parameters, authorization headers, and every one of
 * the secrets it is told of (those of fewer than four characters would blot out innocent text).
 */
export function redactor(secrets: () => Iterable<string> = () => []): Redactor {
  return (text) => {
    let clean = text;
    for (const secret of secrets()) {
      if (secret.length >= 4) clean = clean.replaceAll(secret, MASK);
    }
    return clean
      .replace(URL_PASSWORD, `$1:${MASK}@`)
      .replace(URL_TOKEN, `$1${MASK}@`)
      .replace(QUERY_SECRET, `$1${MASK}`)
      .replace(AUTHORIZATION, `$1 ${MASK}`);
  };
}

/** A repository location as it may be shown: without the password that a URL can carry. */
export const redactLocation: Redactor = redactor();
