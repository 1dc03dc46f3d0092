import { ConfigError } from "../errors.ts";

/**
 * A base URL without the slash at its end; a path prefix stays.
 * @throws ConfigError, which never repeats what may be a secret
 */
export function parseBaseURL(baseURL: string): string {
  let url: URL;
  try {
    url = new URL(baseURL);
  } catch {
    // The text itself may hold credentials, so it is not repeated.
    throw new ConfigError(
      "the API's base URL is not a URL; give one like http://127.0.0.1:3030 (TRIGGER_API_URL)",
    );
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new ConfigError(`the API's base URL must be http or https, got "${url.protocol}"`);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new ConfigError("the API's base URL must not hold a user, a password, a query or a fragment");
  }
  return url.href.replace(/\/+$/, "");
}

/** A key or token that can travel in a header. @throws ConfigError, which does not repeat it */
export function parseAccessToken(accessToken: string): string {
  // A line break from a file of secrets is no part of the key.
  const token = typeof accessToken === "string" ? accessToken.trim() : "";
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new ConfigError("the access token must be printable ASCII without spaces (TRIGGER_SECRET_KEY)");
  }
  return token;
}
