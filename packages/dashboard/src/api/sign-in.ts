import { call } from "./call.ts";

/** What the server says about who is signed in. */
export interface SignedIn {
  readonly environment: string;
  /** The key may look, and change nothing. */
  readonly readOnly: boolean;
}

/** Who is signed in; `signed-out` when nobody is. */
export function retrieveSignIn(signal?: AbortSignal) {
  return call<SignedIn>({ path: "/auth/session", signal });
}

/** Exchanges a secret key for the cookie. The key is not kept anywhere in the page. */
export function signIn(key: string) {
  return call<SignedIn>({ method: "POST", path: "/auth/session", body: { key } });
}

/** Takes the cookie back. */
export function signOut() {
  return call<string>({ method: "DELETE", path: "/auth/session" });
}
