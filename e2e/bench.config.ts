import { defineConfig } from '@playwright/test';

// Measurements, one after another; `cargo xtask bench` runs them on release builds.
export default defineConfig({
  testDir: './bench',
  testMatch: '*.bench.ts',
  outputDir: '../target/bench/work',
  workers: 1,
  retries: 0,
  timeout: 600_000,
  reporter: [['line']],
});
