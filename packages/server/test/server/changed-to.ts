import type { TestServer } from "./test-server.ts";

/** Resolves when the run has that status; waits for changes, not for time. */
export async function changedTo(
  api: Pick<TestServer, "server" | "call">,
  id: string,
  status: string,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const look = async () => {
      const answer = await api.call("GET", `/api/v3/runs/${id}`);
      if (answer.body.status === status) resolve();
    };
    api.server.runs.onRunChanged((ids) => {
      if (ids.includes(id)) look().catch(reject);
    });
    look().catch(reject);
  });
}
