/** The focus, as somebody without a mouse moves it. */

import type { Locator } from '@playwright/test';

/** Presses Tab until a control has the focus. */
export async function tabTo(target: Locator): Promise<void> {
  for (let n = 0; n < 80; n += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await target.page().keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${target}`);
}
