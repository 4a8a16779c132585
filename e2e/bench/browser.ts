/** A Chromium window that fills an X display, as a person has it. */

import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import type { XServer } from '../fixtures/x11.ts';
import { chromium as launch } from '../lib/places.ts';

export interface Desk {
  context: BrowserContext;
  page: Page;
  /** Of the browser's first process. */
  profile: string;
}

export async function openBrowser(screen: XServer, folder: string): Promise<Desk> {
  const profile = join(folder, 'profile');
  const context = await chromium.launchPersistentContext(profile, {
    ...launch,
    headless: false,
    args: [...launch.args, '--kiosk', '--window-position=0,0', `--window-size=${screen.size.width},${screen.size.height}`, '--force-device-scale-factor=1'],
    // Its bar would push the page down.
    ignoreDefaultArgs: ['--enable-automation'],
    viewport: null,
    env: { ...process.env, DISPLAY: screen.display } as Record<string, string>,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  return { context, page, profile };
}
