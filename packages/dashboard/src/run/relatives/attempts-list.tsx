import { Time } from "../../ui/time.tsx";
import { attemptWrites } from "../history/attempts.ts";
import type { RunHistory } from "../history/run-history.ts";

/** The attempts of a run, as far as is known of them: how many there were, and when each wrote. */
export function AttemptsList(props: {
  readonly attemptCount: number;
  readonly history: RunHistory | undefined;
}) {
  const { attemptCount, history } = props;
  if (attemptCount === 0) return null;
  const writes = new Map(
    history === undefined ? [] : attemptWrites(history).map((one) => [one.attempt, one] as const),
  );
  const attempts = Array.from({ length: attemptCount }, (_, index) => index + 1);
  return (
    <section className="panel" aria-labelledby="attempts-title">
      <h2 id="attempts-title">Attempts</h2>
      <ol className="attempts">
        {attempts.map((attempt) => {
          const written = writes.get(attempt);
          return (
            <li key={attempt}>
              <span className="number">#{attempt}</span>
              {written === undefined ? (
                <span className="muted">no change kept</span>
              ) : (
                <span className="number">
                  {written.changes.toLocaleString("en")} {written.changes === 1 ? "change" : "changes"},{" "}
                  <Time at={written.firstAt} />
                  {written.changes === 1 ? null : (
                    <>
                      {" to "}
                      <Time at={written.lastAt} />
                    </>
                  )}
                </span>
              )}
            </li>
          );
        })}
      </ol>
    </section>
  );
}
