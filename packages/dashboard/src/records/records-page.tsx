import { useTitle } from "../ui/use-title.ts";

/** All records, newest first. */
export function RecordsPage() {
  useTitle("Records");
  return <h1>Records</h1>;
}
