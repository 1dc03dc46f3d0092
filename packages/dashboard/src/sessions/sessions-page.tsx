import { useTitle } from "../ui/use-title.ts";

/** All sessions, newest first. */
export function SessionsPage() {
  useTitle("Sessions");
  return <h1>Sessions</h1>;
}
