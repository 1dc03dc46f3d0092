import { type FormEvent, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { signIn } from "../api/sign-in.ts";
import { Button } from "../ui/button.tsx";
import mark from "../ui/mark.svg";
import { useTitle } from "../ui/use-title.ts";
import { useSignIn } from "./sign-in-state.tsx";
import { wayBack } from "./way-back.ts";

/** Takes a secret key, exchanges it for the cookie and leads back to where one was. */
export function SignInPage() {
  useTitle("Sign in");
  const { set } = useSignIn();
  const search = useSearch();
  const [, navigate] = useLocation();
  const [refusal, setRefusal] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const key = String(new FormData(event.currentTarget).get("key") ?? "").trim();
    if (key === "") return setRefusal("Enter a secret key.");
    setBusy(true);
    setRefusal(undefined);
    const answer = await signIn(key);
    setBusy(false);
    if (answer === undefined) return;
    if (!answer.ok) {
      return setRefusal(
        answer.fault.kind === "signed-out"
          ? "The server does not know this key."
          : `${answer.fault.message}.`,
      );
    }
    set({ status: "signed-in", ...answer.value });
    navigate(wayBack(search), { replace: true });
  }

  return (
    <main className="sign-in">
      <form className="sign-in-card" onSubmit={(event) => void submit(event)}>
        <img src={mark} alt="" width="32" height="32" />
        <h1>Sign in to runmeta</h1>
        <p className="muted">
          With a secret key of this server. It opens one environment and is not kept in the browser.
        </p>
        {/* Password managers keep a key under a name. */}
        <input hidden readOnly name="username" autoComplete="username" value="runmeta" />
        <label htmlFor="key">Secret key</label>
        <input
          id="key"
          name="key"
          type="password"
          placeholder="tr_dev_…"
          autoComplete="current-password"
          spellCheck={false}
          aria-invalid={refusal !== undefined}
          aria-describedby="key-refusal"
          // biome-ignore lint/a11y/noAutofocus: the page has this one field
          autoFocus
        />
        <p id="key-refusal" className="field-refusal" role="alert">
          {refusal}
        </p>
        <Button kind="primary" type="submit" disabled={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </Button>
        <p className="sign-in-hint muted">
          <code>runmeta dev</code> prints a link that signs in at once, and keeps its key in{" "}
          <code>.runmeta</code>.
        </p>
      </form>
    </main>
  );
}
