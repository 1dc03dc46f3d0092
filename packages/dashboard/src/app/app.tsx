import { Redirect, Route, Switch, useLocation, useSearch } from "wouter";
import { RecordPage } from "../records/record-page.tsx";
import { RecordsPage } from "../records/records-page.tsx";
import { RunPage } from "../run/run-page.tsx";
import { RunsPage } from "../runs/runs-page.tsx";
import { SessionPage } from "../sessions/session-page.tsx";
import { SessionsPage } from "../sessions/sessions-page.tsx";
import { SignInPage } from "../sign-in/sign-in-page.tsx";
import { useSignIn } from "../sign-in/sign-in-state.tsx";
import { signInAddress, wayBack } from "../sign-in/way-back.ts";
import { EmptyState } from "../ui/empty-state.tsx";
import { ErrorNote } from "../ui/error-note.tsx";
import { lastSegment } from "./last-segment.ts";
import { Shell } from "./shell.tsx";

/** The page that the address names, for who is signed in; the sign-in page for everybody else. */
export function App() {
  const { state, ask } = useSignIn();
  const [path] = useLocation();
  const search = useSearch();
  switch (state.status) {
    case "asking":
      return null;
    case "unknown":
      return (
        <main className="sign-in">
          <ErrorNote fault={state.fault} onRetry={ask} />
        </main>
      );
    case "signed-out":
      return path === "/sign-in" ? <SignInPage /> : <Redirect to={signInAddress(path, search)} replace />;
    case "signed-in":
      return path === "/sign-in" ? <Redirect to={wayBack(search)} replace /> : <Pages />;
  }
}

function Pages() {
  return (
    <Shell>
      <Switch>
        <Route path="/">
          <Redirect to="/runs" replace />
        </Route>
        <Route path="/runs">
          <RunsPage />
        </Route>
        <Route path="/runs/:id">{({ id }) => <RunPage key={id} id={id} />}</Route>
        <Route path="/sessions">
          <SessionsPage />
        </Route>
        <Route path="/sessions/:id">{({ id }) => <SessionPage key={id} id={id} />}</Route>
        <Route path="/records">
          <RecordsPage />
        </Route>
        <Route path="/records/:id">{() => <RecordPage key={lastSegment()} id={lastSegment()} />}</Route>
        <Route>
          <EmptyState title="There is no such page" />
        </Route>
      </Switch>
    </Shell>
  );
}
