/** The search field that offers what it finds, as somebody without a mouse uses it. */

import { expect, type Page } from '@playwright/test';
import { tabTo } from './focus.ts';

/** Searches in a picker and takes the first that is found. */
export async function pick(page: Page, picker: string, text: string, found: RegExp): Promise<void> {
  await tabTo(page.getByRole('combobox', { name: picker }));
  await page.keyboard.type(text);
  await expect(page.getByRole('option', { name: found })).toBeVisible();
  await expect(page.getByRole('option', { name: found })).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('list', { name: `${picker}: added` }).getByText(found)).toBeVisible();
}
