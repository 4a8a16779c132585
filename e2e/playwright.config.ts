import { cpus } from 'node:os';
import { defineConfig } from '@playwright/test';
import { chromium } from './lib/places.ts';

// Each test has its own room and its own agents; each worker has its own server.
export default defineConfig({
  testDir: './specs',
  outputDir: '../target/e2e/results',
  workers: cpus().length < 4 ? 1 : 2,
  fullyParallel: false,
  forbidOnly: !!process.env.CI,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  use: {
    viewport: { width: 1400, height: 1000 },
    launchOptions: chromium,
    screenshot: 'only-on-failure',
    trace: 'off',
    actionTimeout: 10_000,
    colorScheme: 'light',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
  },
});
