import { TriggerAuthContext } from "@trigger.dev/react-hooks";
import { useCallback, useEffect, useState } from "react";
import type { Tokens } from "../telegram.ts";
import { Composer } from "./composer.tsx";
import { ErrorNote } from "./error-note.tsx";
import { fetchTokens } from "./fetch-tokens.ts";
import { RecentTelegrams } from "./recent-telegrams.tsx";
import { Telegram } from "./telegram.tsx";

/** Gets tokens from the page's own server; everything below talks to the runmeta server. */
export function App() {
  const [tokens, setTokens] = useState<Tokens>();
  const [error, setError] = useState<Error>();
  const [selected, setSelected] = useState<string>();

  // A trigger token is good for one telegram, so each begins with new ones.
  const begin = useCallback(() => {
    setSelected(undefined);
    fetchTokens().then(setTokens, setError);
  }, []);
  useEffect(begin, [begin]);

  return (
    <main>
      <header>
        <h1>Telegraph office</h1>
        <p>
          Live progress of a background job, by the hooks of <code>@trigger.dev/react-hooks</code> from a
          runmeta server.
        </p>
      </header>
      {error !== undefined && <ErrorNote title="No tokens" error={error} />}
      {tokens !== undefined && (
        <TriggerAuthContext.Provider value={{ baseURL: tokens.apiUrl, accessToken: tokens.read }}>
          <section aria-label="Telegram">
            {selected === undefined ? (
              <Composer key={tokens.trigger} triggerToken={tokens.trigger} onAnother={begin} />
            ) : (
              <Telegram key={selected} runId={selected} onClose={begin} />
            )}
          </section>
          <RecentTelegrams selected={selected} onSelect={setSelected} />
        </TriggerAuthContext.Provider>
      )}
    </main>
  );
}
