import { useTitle } from "../ui/use-title.ts";

/** One session. */
export function SessionPage({ id }: { readonly id: string }) {
  useTitle(id);
  return <h1>{id}</h1>;
}
