import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compressed } from "./build/compressed.ts";

// The server serves what is built here: src/augury/web/dist. `npm run dev` serves the sources and asks a server
// that runs beside it (AUGURY_URL) for everything under /v1.
const server = process.env.AUGURY_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), compressed()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "../src/augury/web/dist",
    emptyOutDir: true,
    target: "es2023",
    // A data: URI would need an exception in the Content-Security-Policy.
    assetsInlineLimit: 0,
    // Which file needs which: a test counts what the first page loads.
    manifest: true,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: { "/v1": { target: server }, "/openapi.json": server, "/docs": server, "/readyz": server },
  },
});
