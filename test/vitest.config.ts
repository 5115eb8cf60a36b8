import { defineConfig } from "vitest/config";

const root = new URL("..", import.meta.url).pathname;

export default defineConfig({
  root,
  test: {
    projects: [
      {
        root,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/integration/**"],
          // No test replaces a module, so files may share what one of them has loaded: half of the time was loading.
          isolate: false,
          // On a busy machine a property of some hundred runs takes longer than the usual five seconds.
          testTimeout: 30_000,
        },
      },
      {
        root,
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          globalSetup: ["test/integration/setup.ts"],
          // Real daemons share two cores and one Docker engine: one file at a time keeps them honest.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
