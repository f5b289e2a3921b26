// One deterministic build, carried by the Python package: no source maps, no CDN, names by content.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

// What the build was made from, so that a test without node sees when somebody forgot to build again.
function builtFrom(): Plugin {
  const files = () => [
    "index.html", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json",
    ...readdirSync("src", { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name)),
  ].filter((name) => !name.startsWith("src/generated/")).sort();
  return {
    name: "built-from",
    generateBundle() {
      const hash = createHash("sha256");
      for (const name of files()) hash.update(`${name}\n`).update(readFileSync(name));
      this.emitFile({ type: "asset", fileName: "built-from.txt", source: `${hash.digest("hex")}\n` });
    },
  };
}

export default defineConfig({
  plugins: [react(), builtFrom()],
  base: "/static/app/",
  html: { cspNonce: "__NONCE__" },
  worker: { format: "es" },
  build: {
    outDir: "../static/app",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
    reportCompressedSize: false,
    target: "es2022",
    // Libraries apart from our own code: a change of ours does not change their files.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "react", test: /node_modules[\\/](react|react-dom|scheduler|react-router|i18next|react-i18next|zustand|@tanstack|openapi-fetch)[\\/]/ },
            { name: "antd", test: /node_modules[\\/](antd|@ant-design|@rc-component)[\\/]/ },
            { name: "charts", test: /node_modules[\\/](echarts|zrender)[\\/]/ },
            { name: "flow", test: /node_modules[\\/](@xyflow|d3-[a-z]+)[\\/]/ },
            { name: "code", test: /node_modules[\\/](@codemirror|codemirror|@lezer|@marijn|style-mod|w3c-keyname|crelt)[\\/]/ },
            { name: "list", test: /node_modules[\\/]react-virtuoso[\\/]/ },
          ],
        },
      },
    },
  },
});
