import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Where `vite` finds a server while one works on the pages: `runmeta dev`. */
const DEV_SERVER = "http://127.0.0.1:3030";
const answeredByServer = ["/api", "/auth", "/v1", "/realtime", "/openapi.json", "/reference"];

export default defineConfig({
  plugins: [react()],
  resolve: { conditions: ["@runmeta/source", "module", "browser", "development|production"] },
  build: {
    // Shipped inside of @runmeta/server, which serves it.
    outDir: "../server/dist/dashboard",
    emptyOutDir: true,
    target: "es2023",
    // The server's policy allows files of its own origin only: nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: Object.fromEntries(answeredByServer.map((path) => [path, { target: DEV_SERVER }])),
  },
});
