/** Who executes a run: this server's inline engine, a queue engine (BullMQ), or somebody else (`none`). */
export type EngineName = "inline" | "bullmq" | "none";
