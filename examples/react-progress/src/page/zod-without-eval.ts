import { config } from "zod";

// The hooks read replies with zod, which tries `eval` for speed while a schema is made. This page's policy forbids that,
// so it is told not to try; the import of this file stands before that of the hooks.
config({ jitless: true });
